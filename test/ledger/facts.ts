import type { Facts } from '../../src/ledger/scopes.ts';

/** What is known of a call, for tests of scopes and rules. */
export function someFacts({
  metadata = {},
  ...known
}: Partial<Omit<Facts, 'metadata'>> & { metadata?: Readonly<Record<string, string>> } = {}): Facts {
  return {
    identity: { org: 'acme', team: 'search', app: 'crawler', user: 'u1' },
    model: 'gpt-5-mini',
    assistant: 'asst_1',
    operation: 'threads.runs.create',
    ...known,
    metadata: (key) => metadata[key] ?? '',
  };
}

import { driftDefinitions as definitions } from './drift-definitions.ts';
import { type Registers, type Sample, expose } from './registers.ts';
import { createTally } from './tally.ts';

interface Compared {
  readonly provider: number;
  readonly ledger: number;
  readonly ratio: number;
}

interface Drift {
  readonly tokens:
    | (Compared & {
        readonly byKind: { readonly input: number; readonly output: number; readonly cachedInput: number };
      })
    | undefined;
  readonly usd: Compared | undefined;
}

export interface DriftMetrics {
  /** Told again when scraped, for so long: another pod may be the next to ask, and know better. */
  told(drift: Drift, forMs: number): void;
  failed(): void;
}

export function createDriftMetrics(registers: Registers, nowMs: () => number = Date.now): DriftMetrics {
  const errors = createTally(definitions.providerErrors, registers);
  // An increase can be seen only from something.
  errors([], 0);
  let last: Drift | undefined;
  let untilMs = 0;
  const drift = () => (nowMs() < untilMs ? last : undefined);
  const plain = (value: number | undefined): Sample[] => (value === undefined ? [] : [{ labels: {}, value }]);

  expose(definitions.providerTokens, registers, () => {
    const byKind = drift()?.tokens?.byKind;
    if (!byKind) return [];
    return [
      { labels: { kind: 'input' }, value: byKind.input },
      { labels: { kind: 'output' }, value: byKind.output },
      { labels: { kind: 'cached_input' }, value: byKind.cachedInput },
    ];
  });
  expose(definitions.ledgerTokens, registers, () => plain(drift()?.tokens?.ledger));
  expose(definitions.providerCost, registers, () => plain(drift()?.usd?.provider));
  expose(definitions.ledgerCost, registers, () => plain(drift()?.usd?.ledger));
  expose(definitions.drift, registers, () =>
    (['tokens', 'usd'] as const).flatMap((unit) => {
      const compared = drift()?.[unit];
      return compared ? [{ labels: { unit }, value: compared.ratio }] : [];
    }),
  );

  return {
    told(next, forMs) {
      last = next;
      untilMs = nowMs() + forMs;
    },
    failed: () => errors([], 1),
  };
}

import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { BudgetReport } from '../../src/ledger/budget-report.ts';
import { type StandIn, type StandInOptions, startStandIn } from '../stand-in/stand-in.ts';
import { type Sidecar, startSidecar } from './sidecar.ts';

export interface Governed {
  readonly sidecar: Sidecar;
  readonly standIn: StandIn;
  post(path: string, body: object, init?: RequestInit): Promise<Response>;
  /** A budget as it is once nothing is held in it any more. */
  settled(name: string): Promise<BudgetReport>;
  /** A budget as it is now; undefined before the first call. */
  budget(name: string): Promise<BudgetReport | undefined>;
}

interface GovernedOptions {
  /** YAML, as a user would write it. */
  readonly config: string;
  readonly env?: Record<string, string>;
  readonly standIn?: StandInOptions;
}

/** A sidecar with budgets before a stand-in that knows what it billed. */
export async function startGoverned(t: TestContext, options: GovernedOptions): Promise<Governed> {
  const standIn = await startStandIn(options.standIn);
  t.after(() => standIn.close());
  const sidecar = await startSidecar(t, {
    upstreamUrl: standIn.url,
    config: options.config,
    ...(options.env && { env: options.env }),
  });
  const budget = async (name: string) => (await sidecar.budgets()).find((row) => row.name === name);
  return {
    sidecar,
    standIn,
    post: (path, body, init = {}) => postJson(`${sidecar.url}${path}`, body, init),
    budget,
    async settled(name) {
      const givesUpAtMs = performance.now() + 20_000;
      for (;;) {
        const row = await budget(name);
        if (row && row.held === 0) return row;
        if (performance.now() > givesUpAtMs) throw new Error(`${name} still holds ${row?.held}`);
        await sleep(20);
      }
    },
  };
}

/** As SDKs send it with the calls that need it; others ignore it. */
export const assistantsHeaders = { 'openai-beta': 'assistants=v2' };

export function postJson(url: string, body: object, init: RequestInit = {}): Promise<Response> {
  return fetch(url, {
    ...init,
    method: 'POST',
    headers: {
      ...assistantsHeaders,
      'content-type': 'application/json',
      ...(init.headers as Record<string, string>),
    },
    body: JSON.stringify(body),
  });
}

/** A chat whose answer has that many words, and by default at most 100 tokens. */
export function chat(words: number, more: object = {}) {
  return {
    model: 'gpt-4o',
    messages: [{ role: 'user', content: `Hello [[words:${words}]]` }],
    max_completion_tokens: 100,
    ...more,
  };
}

/** What the stand-in billed, in all. */
export function billedTokens({ requests }: StandIn): number {
  return requests.reduce((sum, { usage }) => sum + (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0), 0);
}

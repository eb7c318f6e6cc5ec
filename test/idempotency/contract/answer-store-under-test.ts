import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';

import type { AnswerStore, Call } from '../../../src/idempotency/answer-store.ts';
import { sealAnswers } from '../../../src/idempotency/sealed-answers.ts';
import { parseKeyring } from '../../../src/sealing/keyring.ts';

export interface AnswerStoreUnderTest {
  readonly store: AnswerStore;
  /** What another pod has, on the same calls. */
  another(): Promise<AnswerStore>;
  /** Moves the store's clock on. */
  advance(ms: number): Promise<void>;
}

export type OpenAnswerStore = (test: TestContext) => Promise<AnswerStoreUnderTest>;

/** What every store under test is opened with. */
export const terms = { leaseMs: 10_000, keepMs: 3_600_000 };

/** The same behind a seal, with a key of its own for each test. */
export function sealed(open: OpenAnswerStore): OpenAnswerStore {
  return async (test) => {
    const under = await open(test);
    const keyring = parseKeyring(`k1:${randomBytes(32).toString('base64')}`, 'test');
    const seal = (store: AnswerStore) => sealAnswers(store, () => keyring);
    return { ...under, store: seal(under.store), another: async () => seal(await under.another()) };
  };
}

export function callBy(owner: string, name = 'call', org = 'acme'): Call {
  return { org, name, owner };
}

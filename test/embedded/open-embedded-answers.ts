import type { TestContext } from 'node:test';

import { createEmbeddedAnswerStore } from '../../src/embedded/embedded-answer-store.ts';
import { becomeOwner } from '../../src/embedded/own-directory.ts';
import type { AnswerStore } from '../../src/idempotency/answer-store.ts';
import { type AnswerStoreUnderTest, terms } from '../idempotency/contract/answer-store-under-test.ts';
import { onStillClock } from './on-still-clock.ts';

/** An embedded store on a clock that stands still until the test moves it. Its clients share it. */
export async function openEmbeddedAnswers(test: TestContext): Promise<AnswerStoreUnderTest> {
  return onStillClock(test, openAnswersIn);
}

/** The only store of its directory. */
export function openAnswersIn(stateDir: string, now: () => number = Date.now): AnswerStore {
  return createEmbeddedAnswerStore({ stateDir, own: () => becomeOwner(stateDir), now, ...terms });
}

import type { TestContext } from 'node:test';

import type { AssistantStore } from '../../src/assistants/store/store.ts';
import { createEmbeddedAssistantStore } from '../../src/embedded/embedded-assistant-store.ts';
import { becomeOwner } from '../../src/embedded/own-directory.ts';
import type { StoreUnderTest } from '../assistants-store/contract/store-under-test.ts';
import { onStillClock } from './on-still-clock.ts';

/** An embedded store on a clock that stands still until the test moves it. Its clients share it. */
export async function openEmbeddedStore(test: TestContext): Promise<StoreUnderTest> {
  return onStillClock(test, openStoreIn);
}

/** The only store of its directory. */
export function openStoreIn(stateDir: string, now: () => number = Date.now): AssistantStore {
  return createEmbeddedAssistantStore({ stateDir, own: () => becomeOwner(stateDir), now });
}

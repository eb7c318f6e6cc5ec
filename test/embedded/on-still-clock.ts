import type { TestContext } from 'node:test';

import { temporaryDirectory } from './temporary-directory.ts';

/** A store of its own directory, on a clock that stands still until the test moves it. Its clients share it. */
export interface StoreOnStillClock<Store> {
  readonly store: Store;
  readonly stateDir: string;
  another(): Promise<Store>;
  advance(ms: number): Promise<void>;
  nowMs(): number;
}

export function onStillClock<Store extends { close(): Promise<void> }>(
  test: TestContext,
  openIn: (stateDir: string, now: () => number) => Store,
): StoreOnStillClock<Store> {
  let nowMs = Date.UTC(2026, 10, 20, 12);
  const stateDir = temporaryDirectory(test);
  const store = openIn(stateDir, () => nowMs);
  test.after(() => store.close());
  return {
    store,
    stateDir,
    another: async () => store,
    advance: async (ms) => void (nowMs += ms),
    nowMs: () => nowMs,
  };
}

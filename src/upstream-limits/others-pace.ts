/** How fast other pods take, to guess what they took since they were last heard of. */
export interface OthersPace {
  /** What they took since that was last said. */
  hear(taken: number, nowMs: number): void;
  /** What they may have taken meanwhile. */
  unheard(nowMs: number): number;
}

/** What is older hardly counts. */
const memoryMs = 500;
/** A guess isn't carried on for longer: then the store is away, or this pod was idle. */
const longestGuessMs = 1000;
/** They don't take evenly, and what comes too early is refused: keeps clear of them by so much. */
const spareMs = 100;

export function createOthersPace(): OthersPace {
  let perMs = 0;
  let heardAtMs: number | undefined;
  return {
    hear(taken, nowMs) {
      const sinceMs = nowMs - (heardAtMs ?? nowMs);
      heardAtMs = nowMs;
      if (sinceMs <= 0) return;
      const weight = 1 - Math.exp(-sinceMs / memoryMs);
      perMs += (taken / sinceMs - perMs) * weight;
    },
    unheard(nowMs) {
      const sinceMs = Math.max(0, nowMs - (heardAtMs ?? nowMs));
      return perMs * (spareMs + Math.min(longestGuessMs, sinceMs));
    },
  };
}

/** Which models an upstream has refused for a while, so that calls go to another one at once. */
export interface Resting {
  rest(model: string, forMs: number): void;
  isResting(model: string): boolean;
}

/** Longer than that an upstream is not passed over without being asked again. */
const longestMs = 60_000;
/** Names that callers make up must not fill memory. */
const maxModels = 500;

export function createResting(nowMs: () => number): Resting {
  const untilMs = new Map<string, number>();
  return {
    rest(model, forMs) {
      if (untilMs.size >= maxModels) untilMs.clear();
      untilMs.set(model, nowMs() + Math.min(forMs, longestMs));
    },
    isResting(model) {
      const until = untilMs.get(model);
      if (until === undefined) return false;
      if (until > nowMs()) return true;
      untilMs.delete(model);
      return false;
    },
  };
}

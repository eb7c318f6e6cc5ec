/** What calls of one kind usually put out, for budgets with `reserve: learned` (L7). */
export interface LearnedOutput {
  /** The 95th percentile of the last calls of this kind; undefined until enough were seen. */
  usualTokens(kind: string): number | undefined;
  learn(kind: string, outputTokens: number): void;
}

/** As many calls are remembered of each kind. */
const remembered = 200;
const enough = 20;
/** The percentile is worked out anew after so many calls. */
const refreshEvery = 10;
const maxKinds = 1000;

interface Kind {
  readonly recent: number[];
  seen: number;
  usual: number | undefined;
}

export function learnOutput(): LearnedOutput {
  const kinds = new Map<string, Kind>();
  return {
    usualTokens: (kind) => kinds.get(kind)?.usual,
    learn(name, outputTokens) {
      let kind = kinds.get(name);
      if (!kind) {
        if (kinds.size >= maxKinds) kinds.clear();
        kinds.set(name, (kind = { recent: [], seen: 0, usual: undefined }));
      }
      kind.recent[kind.seen % remembered] = outputTokens;
      kind.seen += 1;
      if (kind.seen >= enough && kind.seen % refreshEvery === 0) kind.usual = percentile95(kind.recent);
    },
  };
}

function percentile95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1]!;
}

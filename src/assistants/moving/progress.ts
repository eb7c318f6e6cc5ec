export interface ProgressOptions {
  readonly write: (text: string) => void;
  /** A bar that is drawn over; elsewhere a line now and then. */
  readonly isTerminal: boolean;
  readonly nowMs: () => number;
}

export interface Progress {
  /** `done` of `total` objects. */
  update(done: number, total: number): void;
  /** Clears the bar, for whatever else is to be written. */
  clear(): void;
}

/** Shows how far an import is: a bar on a terminal, a plain line a second else. */
export function createProgress({ write, isTerminal, nowMs }: ProgressOptions): Progress {
  const pauseMs = isTerminal ? 100 : 1000;
  let shownAtMs = nowMs();
  let isDrawn = false;
  return {
    update(done, total) {
      if (nowMs() - shownAtMs < pauseMs) return;
      shownAtMs = nowMs();
      isDrawn = isTerminal;
      write(isTerminal ? `\r${barOf(done, total)}` : `${done} of ${total}\n`);
    },
    clear() {
      if (isDrawn) write('\r\u001b[K');
      isDrawn = false;
    },
  };
}

function barOf(done: number, total: number): string {
  const filled = Math.round((done / Math.max(total, 1)) * barWidth);
  return `[${'='.repeat(filled)}${' '.repeat(barWidth - filled)}] ${done} of ${total}`;
}

const barWidth = 40;

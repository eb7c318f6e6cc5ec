import type { ModelEvent } from './model-call.ts';

export interface Speaker {
  tell(event: ModelEvent): void;
  /** Of its turn; nothing may be told afterwards. */
  end(): void;
}

/**
 * Lets several speak at once and be heard one after another, in the order in which they began: what the others tell
 * meanwhile waits until it is their turn.
 */
export function createTurns(tell: (event: ModelEvent) => void): { begin(): Speaker } {
  /** The first one is heard. */
  const waiting: { readonly untold: ModelEvent[]; isOver: boolean }[] = [];

  function hearNext(): void {
    waiting.shift();
    while (waiting[0]) {
      for (const event of waiting[0].untold.splice(0)) tell(event);
      if (!waiting[0].isOver) return;
      waiting.shift();
    }
  }

  return {
    begin() {
      const turn = { untold: [] as ModelEvent[], isOver: false };
      waiting.push(turn);
      return {
        tell: (event) => (waiting[0] === turn ? tell(event) : void turn.untold.push(event)),
        end() {
          turn.isOver = true;
          if (waiting[0] === turn) hearNext();
        },
      };
    },
  };
}

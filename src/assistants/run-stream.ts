import type { Sink } from '../exchange.ts';
import type { StreamEvent } from './wire.ts';

/** What a run tells while it goes on, to whoever asked for a stream. */
export interface RunStream {
  tell(event: StreamEvent): void;
  /** With `done`, as the API ends its streams. */
  end(): void;
  /** The rest will never come: the caller sees a cut. */
  fail(error: Error): void;
  /** Lets it flow to the caller; what was told before comes first. */
  open(sink: Sink): void;
}

/**
 * A run doesn't wait for its caller: what a slow one has not taken yet waits in memory, which the output of a
 * run bounds.
 */
export function createRunStream(): RunStream {
  let sink: Sink | undefined;
  const held: ((sink: Sink) => void)[] = [];
  const pass = (action: (sink: Sink) => void) => {
    if (sink) action(sink);
    else held.push(action);
  };
  return {
    tell({ event, data }) {
      const bytes = Buffer.from(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      pass((open) => open.write(bytes));
    },
    end() {
      pass((open) => {
        open.write(doneEvent);
        open.end();
      });
    },
    fail: (error) => pass((open) => open.fail(error)),
    open(opened) {
      sink = opened;
      for (const action of held.splice(0)) action(opened);
    },
  };
}

const doneEvent = Buffer.from('event: done\ndata: [DONE]\n\n');

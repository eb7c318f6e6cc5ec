import type { Sink } from '../../exchange.ts';
import type { StreamEvent } from '../wire-events.ts';

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
 * A run doesn't wait for its caller: what a slow one has not taken yet waits in memory, which the output of a run
 * bounds. Events that are told together are sent together.
 */
export function createRunStream(): RunStream {
  let sink: Sink | undefined;
  let held = '';
  let finish: ((sink: Sink) => void) | undefined;
  let isFlushing = false;

  function flush(): void {
    isFlushing = false;
    if (!sink) return;
    if (held !== '') sink.write(Buffer.from(held));
    held = '';
    finish?.(sink);
    finish = undefined;
  }

  function flushSoon(): void {
    if (isFlushing || !sink) return;
    isFlushing = true;
    queueMicrotask(flush);
  }

  return {
    tell({ event, data }) {
      held += `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
      flushSoon();
    },
    end() {
      held += doneEvent;
      finish = (open) => open.end();
      flushSoon();
    },
    fail(error) {
      finish = (open) => open.fail(error);
      flushSoon();
    },
    open(opened) {
      sink = opened;
      flush();
    },
  };
}

const doneEvent = 'event: done\ndata: [DONE]\n\n';

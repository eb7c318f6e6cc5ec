import type { Body, Headers, Sink } from '../exchange.ts';
import { type KeptAnswer, brokenOff, endOfAnswer, tooLarge } from './kept-answer.ts';

export interface Recording {
  /** Of the answer that flows. */
  readonly head: { readonly status: number; readonly headers: Headers };
  readonly maxBytes: number;
  /** Aborts when the caller leaves: the answer then flows on to its end, for others. */
  readonly left: AbortSignal;
  /** What others get, when the answer has ended; undefined: the call did not run. */
  onEnd(answer: KeptAnswer | undefined): void;
}

/**
 * Keeps a copy of an answer while it flows. What is kept flows as fast as it comes, since others may wait for it: up
 * to `maxBytes` wait in memory for a caller that is slower. What is larger isn't kept, and waits for its caller.
 */
export function recordAnswer(body: Body, { head, maxBytes, left, onEnd }: Recording): Body {
  return (sink) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    const isKept = () => bytes <= maxBytes;
    const recorder: Sink = {
      write(chunk) {
        bytes += chunk.length;
        if (isKept()) chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
        else chunks = [];
        const wantsMore = sink.write(chunk);
        return wantsMore || isKept() || left.aborted;
      },
      end() {
        onEnd(isKept() ? endOfAnswer({ ...head, body: Buffer.concat(chunks) }) : tooLarge());
        sink.end();
      },
      fail(error) {
        const didNotRun = endOfAnswer({ ...head, body: Buffer.alloc(0) }) === undefined;
        onEnd(didNotRun ? undefined : brokenOff());
        sink.fail(error);
      },
    };
    const flow = body(recorder);
    left.addEventListener('abort', () => flow.resume(), { once: true });
    return flow;
  };
}

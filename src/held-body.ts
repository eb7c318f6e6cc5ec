import type { Body, Flow, Sink } from './exchange.ts';

/** The beginning of a body, of which the caller has seen nothing yet. */
export interface HeldBody {
  /** What has come, in order. */
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
  /** An error: it broke off. */
  readonly ending: 'ended' | Error | undefined;
  /** All of it, from its first byte; flows once, as every body does. */
  readonly body: Body;
  /** Nobody wants it: the rest is let go by. */
  discard(): void;
}

/**
 * Lets a body flow as far as `maxBytes`, and then has it wait.
 *
 * @param onProgress told of each piece, and of the end, which is none; also within this call.
 */
export function holdBody(
  body: Body,
  maxBytes: number,
  onProgress: (held: HeldBody, chunk: Uint8Array | undefined) => void,
): HeldBody {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let ending: HeldBody['ending'];
  let to: Sink | undefined;
  const held: HeldBody = {
    chunks,
    get bytes() {
      return bytes;
    },
    get ending() {
      return ending;
    },
    body: release,
    discard: () => void release(nobody),
  };
  const flow = body({
    write(chunk) {
      if (to) return to.write(chunk);
      chunks.push(chunk);
      bytes += chunk.length;
      onProgress(held, chunk);
      return to !== undefined || bytes < maxBytes;
    },
    end: () => over('ended'),
    fail: (error) => over(error),
  });
  return held;

  function over(how: 'ended' | Error): void {
    if (to) return tell(to, how);
    ending = how;
    onProgress(held, undefined);
  }

  function release(sink: Sink): Flow {
    if (to) throw new Error('a body flows only once');
    to = sink;
    let wantsMore = true;
    for (const chunk of chunks.splice(0)) wantsMore = sink.write(chunk);
    if (ending !== undefined) tell(sink, ending);
    // Who asked for a pause says himself when it is over.
    else if (wantsMore) flow.resume();
    return flow;
  }
}

function tell(sink: Sink, how: 'ended' | Error): void {
  if (how === 'ended') sink.end();
  else sink.fail(how);
}

const nobody: Sink = { write: () => true, end() {}, fail() {} };

import type { Flow, Reply, Sink } from './exchange.ts';

/** A reply of which the beginning has come, and the caller has seen nothing yet. */
export interface HeldReply {
  /** What has come of its body, in order. */
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
  /** An error: it broke off. */
  readonly ending: 'ended' | Error | undefined;
  /** The reply, with all of its body from the first byte on. It has not finished before that has flowed. */
  readonly reply: Reply;
}

/**
 * Lets a reply's body flow as far as `maxBytes`, and then has it wait.
 *
 * @param onProgress told of each piece, and of the end, which is none; also within this call.
 */
export function holdReply(
  reply: Reply,
  maxBytes: number,
  onProgress: (held: HeldReply, chunk: Uint8Array | undefined) => void,
): HeldReply {
  const chunks: Uint8Array[] = [];
  const releasedAtMs = Promise.withResolvers<number>();
  let to: Sink | undefined;
  const held: Mutable<HeldReply> = {
    chunks,
    bytes: 0,
    ending: undefined,
    reply: {
      ...reply,
      body: release,
      // It is over for its caller when that has all of it.
      finished: reply.finished.then(async ({ endedAtMs = performance.now(), ...outcome }) => ({
        ...outcome,
        endedAtMs: Math.max(endedAtMs, await releasedAtMs.promise),
      })),
    },
  };
  const flow = reply.body({
    write(chunk) {
      if (to) return to.write(chunk);
      chunks.push(chunk);
      held.bytes += chunk.length;
      onProgress(held, chunk);
      return to !== undefined || held.bytes < maxBytes;
    },
    end: () => over('ended'),
    fail: (error) => over(error),
  });
  return held;

  function over(how: 'ended' | Error): void {
    if (to) return tell(to, how);
    held.ending = how;
    onProgress(held, undefined);
  }

  function release(sink: Sink): Flow {
    if (to) throw new Error('a body flows only once');
    to = sink;
    let wantsMore = true;
    for (const chunk of chunks.splice(0)) wantsMore = sink.write(chunk);
    if (held.ending !== undefined) tell(sink, held.ending);
    // Who asked for a pause says himself when it is over.
    else if (wantsMore) flow.resume();
    releasedAtMs.resolve(performance.now());
    return flow;
  }
}

/** Holds a reply until all of it has come, which `ending` then tells; it has none yet if there is more than that. */
export function holdWhole(reply: Reply, maxBytes: number): Promise<HeldReply> {
  return new Promise((resolve) => {
    holdReply(reply, maxBytes, (held) => {
      if (held.ending !== undefined || held.bytes >= maxBytes) resolve(held);
    });
  });
}

/** Lets go of what nobody wants, so that its connection is free again. */
export function discard(reply: Reply): void {
  reply.body({ write: () => true, end() {}, fail() {} }).leave();
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

function tell(sink: Sink, how: 'ended' | Error): void {
  if (how === 'ended') sink.end();
  else sink.fail(how);
}

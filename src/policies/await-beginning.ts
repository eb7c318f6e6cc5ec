import type { Cancel, Clock } from '../clock.ts';
import type { Policy, Reply } from '../exchange.ts';
import { type HeldReply, holdReply } from '../hold-reply.ts';
import { type Beginning, createBeginningReader } from '../openai/stream-beginning.ts';

/** More than any first event has. */
const maxHeldBytes = 65_536;
/** How long a stream is held that has begun, and hasn't said more than that. */
const holdMs = 100;

/**
 * Holds a stream back until its first event has told whether it begins well: upstreams have been seen that answer 200
 * and then tell an error. Whoever has such a reply knows it by `toldError`; one that breaks off before it has told
 * anything is no reply at all.
 */
export function awaitBeginning(clock: Pick<Clock, 'after'>): Policy {
  return (next) => async (exchange) => {
    const reply = await next(exchange);
    const isStream = String(reply.headers['content-type']).startsWith('text/event-stream');
    // Compressed bytes, which nobody asked for, tell nothing.
    const isReadable = isStream && reply.headers['content-encoding'] === undefined;
    if (!isReadable || reply.status >= 300 || exchange.operation.usage === null) return reply;
    return beginningOf(reply, clock);
  };
}

function beginningOf(reply: Reply, clock: Pick<Clock, 'after'>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const reader = createBeginningReader();
    let isDecided = false;
    let cancel: Cancel | undefined;
    holdReply(reply, maxHeldBytes, (held, chunk) => {
      if (isDecided) return;
      const beginning = reader.read(chunk);
      const { ending } = held;
      if (ending instanceof Error && beginning.events === 0) decide(() => reject(ending));
      else if (beginning.isTold || ending !== undefined || held.bytes >= maxHeldBytes) pass(held, beginning);
      else cancel ??= clock.after(holdMs, () => pass(held, beginning));
    });

    function pass({ reply: held }: HeldReply, { error }: Beginning): void {
      decide(() => resolve(error ? { ...held, toldError: error } : held));
    }

    function decide(act: () => void): void {
      if (isDecided) return;
      isDecided = true;
      cancel?.();
      act();
    }
  });
}

import { CallerLeft } from '../errors.ts';
import type { Policy } from '../exchange.ts';
import type { CallQueue } from '../resilience/call-queue.ts';
import { timed } from '../telemetry/tracing.ts';

/** Sends the upstream only so many calls at a time; the others wait for their turn, or are turned away at once. */
export function boundLoad(queue: CallQueue): Policy {
  return (next) => async (exchange) => {
    const { signal, span } = exchange;
    const leave = await timed(span, 'queue', () => queue.enter(signal)).catch((error: unknown) => {
      throw signal.aborted ? new CallerLeft() : error;
    });
    try {
      const reply = await next(exchange);
      void reply.finished.then(leave);
      return reply;
    } catch (error) {
      leave();
      throw error;
    }
  };
}

import { CallerLeft } from '../errors.ts';
import type { Policy } from '../exchange.ts';
import type { CallQueue } from '../resilience/call-queue.ts';

/** Sends the upstream only so many calls at a time; the others wait for their turn, or are turned away at once. */
export function boundLoad(queue: CallQueue): Policy {
  return (next) => async (exchange) => {
    const leave = await queue.enter(exchange.signal).catch((error: unknown) => {
      throw exchange.signal.aborted ? new CallerLeft() : error;
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

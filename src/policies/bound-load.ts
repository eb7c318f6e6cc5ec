import { CallerLeft } from '../errors.ts';
import { type Policy, beginWait, endWait } from '../exchange.ts';
import type { CallQueue, Leave } from '../resilience/call-queue.ts';

/** Sends the upstream only so many calls at a time; the others wait for their turn, or are turned away at once. */
export function boundLoad(queue: CallQueue): Policy {
  return (next) => async (exchange) => {
    const { signal, record } = exchange;
    const askedAtMs = performance.now();
    let leave: Leave;
    beginWait(record);
    try {
      leave = await queue.enter(signal);
    } catch (error) {
      throw signal.aborted ? new CallerLeft() : error;
    } finally {
      endWait(record);
      record.queueWaitMs += performance.now() - askedAtMs;
    }
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

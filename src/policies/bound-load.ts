import { CallerLeft } from '../errors.ts';
import { type Exchange, type Policy, beginWait, endWait } from '../exchange.ts';
import type { CallQueue, Leave } from '../resilience/call-queue.ts';
import { timed } from '../telemetry/tracing.ts';

/** Sends the upstream only so many calls at a time; the others wait for their turn, or are turned away at once. */
export function boundLoad(queue: CallQueue): Policy {
  return (next) => async (exchange) => {
    const leave = queue.enterAtOnce() ?? (await turn(queue, exchange));
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

async function turn(queue: CallQueue, { signal, record, span }: Exchange): Promise<Leave> {
  const askedAtMs = performance.now();
  beginWait(record);
  try {
    return await timed(span, 'queue', () => queue.enter(signal));
  } catch (error) {
    throw signal.aborted ? new CallerLeft() : error;
  } finally {
    endWait(record);
    record.queueWaitMs += performance.now() - askedAtMs;
  }
}

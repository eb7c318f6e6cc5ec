import type { Cancel, Clock } from '../clock.ts';
import { CallerLeft, ProxyError } from '../errors.ts';
import type { Policy, Reply } from '../exchange.ts';
import { readCallerTimeoutMs } from '../openai/caller-timeout.ts';
import { type OperationClass, classOf } from '../openai/operation-class.ts';

/** In milliseconds. */
export interface Timeouts {
  readonly firstByteMs: number;
  readonly idleMs: number;
  /** From when the call has been read to the end of its answer; 0: no bound. */
  readonly wholeMs: number;
}

export type TimeoutsByClass = Readonly<Record<OperationClass, Timeouts>>;

/**
 * Gives a call its time. An answer must have begun before the caller's SDK gives up waiting, since that would send
 * the call again, and pay for it twice; it must have ended when its class of operation says so. What is over ends in
 * `upstream_timeout`, or, in the middle of an answer, in a cut. How long the upstream may take and pause is handed
 * on with the call.
 */
export function timeOut(timeouts: TimeoutsByClass, clock: Clock): Policy {
  return (next) => async (exchange) => {
    const { firstByteMs, idleMs, wholeMs } = timeouts[classOf(exchange.operation, exchange.query)];
    const nowMs = clock.nowMs();
    const callerMs = ahead(readCallerTimeoutMs(exchange.headers));
    const endsInMs = wholeMs === 0 ? Infinity : wholeMs;
    const beginsInMs = Math.min(callerMs, endsInMs);
    const timing = { beginsByMs: nowMs + beginsInMs, firstByteMs, idleMs };
    if (beginsInMs === Infinity) return next({ ...exchange, timing });
    const time = startTime(exchange.signal);
    let cancel = clock.after(beginsInMs, time.isOver);
    try {
      const reply = await next({ ...exchange, signal: time.signal, timing });
      cancel();
      cancel = endsInMs === Infinity ? () => {} : clock.after(nowMs + endsInMs - clock.nowMs(), time.isOver);
      return ended(reply, time, () => cancel());
    } catch (error) {
      cancel();
      time.release();
      throw time.hasPassed() && error instanceof CallerLeft ? tooLate(error) : error;
    }
  };
}

/** Ahead of the caller's own clock, so that it hears of it from here: by a twentieth, and at most half a second. */
function ahead(callerMs = Infinity): number {
  return callerMs - Math.min(callerMs / 20, 500);
}

/** A signal that aborts when the caller leaves or the time has passed. */
interface Time {
  readonly signal: AbortSignal;
  isOver(): void;
  hasPassed(): boolean;
  release(): void;
}

function startTime(caller: AbortSignal): Time {
  const controller = new AbortController();
  let hasPassed = false;
  const onLeft = () => controller.abort(caller.reason);
  if (caller.aborted) onLeft();
  else caller.addEventListener('abort', onLeft, { once: true });
  return {
    signal: controller.signal,
    isOver() {
      hasPassed = true;
      controller.abort(new ProxyError('upstream_timeout'));
    },
    hasPassed: () => hasPassed,
    release: () => caller.removeEventListener('abort', onLeft),
  };
}

/** The transport ends an answer in the same way whoever aborts it; who was late is told here. */
function ended(reply: Reply, time: Time, cancel: Cancel): Reply {
  const finished = reply.finished.then((outcome) => {
    cancel();
    time.release();
    return time.hasPassed() && outcome.ending === 'aborted'
      ? { ...outcome, ending: 'cut' as const, error: new ProxyError('upstream_timeout') }
      : outcome;
  });
  return { ...reply, finished };
}

function tooLate(cause: CallerLeft): ProxyError {
  return new ProxyError('upstream_timeout', {
    message: 'The time that the caller or the configuration (timeouts) gives this call is over.',
    mayHaveRun: cause.mayHaveRun,
    headers: { 'x-should-retry': 'false' },
    cause,
  });
}

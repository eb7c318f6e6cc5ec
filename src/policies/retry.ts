import type { Logger } from 'pino';

import type { Clock } from '../clock.ts';
import { CallerLeft } from '../errors.ts';
import { type Exchange, type Policy, type Reply, beginWait, endWait } from '../exchange.ts';
import { type FailedAttempt, attemptOf } from '../resilience/attempt.ts';
import { type Backoff, pauseMs } from '../resilience/backoff.ts';
import { type Course, startCourse } from '../resilience/course.ts';
import type { FindGeneration } from '../resilience/find-generation.ts';
import { foundInstead } from '../resilience/found-instead.ts';
import { type LookUp, isMarked, marked } from '../resilience/mark.ts';
import type { Resting } from '../resilience/resting.ts';
import type { RetryBudget } from '../resilience/retry-budget.ts';
import { type Repeatability, repeatabilityOf, sendAgain } from '../resilience/send-again.ts';
import { type Upstream, modelOf } from '../resilience/upstreams.ts';
import type { RetryMetrics, Withheld } from '../telemetry/retry-metrics.ts';

export interface RetryParts extends Backoff {
  /** To all upstreams together. */
  readonly maxAttempts: number;
  readonly budget: RetryBudget;
  readonly lookUp: LookUp;
  readonly findGeneration: FindGeneration;
  /** In the order in which they are asked, after the primary one. */
  readonly fallbacks: readonly Upstream[];
  readonly resting: Resting;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'debug'>;
  readonly metrics: Pick<RetryMetrics, 'retried' | 'withheld'>;
}

/** SDKs come back by themselves if a wait is no longer. */
const longestWaitOfSdksMs = 60_000;

/**
 * Sends a call again that did not come about, here or to a fallback: see the table in `send-again.ts`. One that may
 * have run is never sent again unless the upstream says that it didn't. All attempts, wherever they go, come out of
 * one budget and end within the caller's time; an answer that is given up says so to the caller's SDK.
 */
export function retry(parts: RetryParts): Policy {
  const { maxAttempts, maxMs, budget, lookUp, findGeneration, fallbacks, clock, metrics, log } = parts;
  return (next) => {
    const primary: Upstream = { name: 'primary', handler: next, resting: parts.resting, serves: () => true };
    return (exchange) => {
      budget.called();
      const call = marked(exchange, lookUp);
      return send(call, startCourse(call, { primary, fallbacks }, clock));
    };
  };

  async function send(exchange: Exchange, course: Course): Promise<Reply> {
    const { id: requestId } = exchange;
    const repeatability = repeatabilityOf(exchange);
    const startedUnixMs = clock.unixMs();
    let attempts = 0;
    let failed: FailedAttempt | undefined;
    let upstream = course.current();
    for (; ; upstream = course.current()) {
      const attempt = await attemptOf(upstream.handler, exchange, clock).catch((error: unknown) =>
        leave(error),
      );
      const isTurnedAway = attempt.failure?.kind === 'turnedAway';
      if (!isTurnedAway) attempts += 1;
      if (!attempt.failure) {
        failed?.discard();
        return answered(attempt.reply, upstream, attempts);
      }
      const { kind, waitMs: askedMs } = attempt.failure;
      log.debug({ requestId, upstream: upstream.name, attempts, failure: kind, askedMs }, 'attempt failed');
      // What an upstream said is of more use to the caller than that nothing was sent to another one.
      if (!isTurnedAway || !failed) {
        failed?.discard();
        failed = attempt;
      }
      rest(course, exchange, attempt);

      const verdict = sendAgain[kind][repeatability];
      if (verdict === 'no') return giveUp('final');
      let isPaid = isTurnedAway && attempts === 0;
      if (verdict === 'ask') {
        if (!isMarked(exchange)) return giveUp('unclear');
        // A look-up is a call, too; it pays for the attempt that it may lead to.
        isPaid = budget.spend();
        if (!isPaid) return giveUp('budget');
        beginWait(exchange.record);
        const found = await findGeneration(exchange, upstream.handler, startedUnixMs)
          .catch((error: unknown) => leave(error, true))
          .finally(() => endWait(exchange.record));
        if (found.state === 'unknown') return giveUp('unclear');
        if (found.state === 'ran') {
          failed.discard();
          return answered(foundInstead(exchange, found), upstream, attempts);
        }
      }
      const turn = course.next(maxMs);
      if (turn === 'none') return giveUp('final');
      if (attempts >= maxAttempts) return giveUp('attempts');
      if (turn === 'late') return giveUp('wait');
      const delayMs = turn.isNewRound ? pauseMs(parts, attempts, turn.askedMs) : 0;
      if (clock.nowMs() + delayMs >= (exchange.timing?.beginsByMs ?? Infinity)) return giveUp('time');
      if (!isPaid && !budget.spend()) return giveUp('budget');
      log.debug({ requestId, upstream: course.current().name, delayMs }, 'sending again');
      if (attempts > 0) metrics.retried(course.current().name, kind);
      if (!failed.isWhole) {
        failed.discard();
        failed = undefined;
      }
      if (delayMs > 0) {
        exchange.record.retryWaitMs += delayMs;
        beginWait(exchange.record);
        await clock
          .sleep(delayMs, exchange.signal)
          .catch((error: unknown) => leave(error))
          .finally(() => endWait(exchange.record));
      }
    }

    function giveUp(why: Withheld): Reply {
      metrics.withheld(why);
      log.debug({ requestId, why, attempts }, 'not sent again');
      const mayComeBack = why === 'wait' && attempts === 1;
      const note = why === 'unclear' ? 'It may have run, so it is not sent again.' : '';
      const reply = failed!.answer(toldToSdk(failed!, repeatability, mayComeBack), note);
      return answered(reply, upstream, attempts);
    }

    /** @param mayHaveRun of an attempt before; what an attempt itself ends with says it better. */
    function leave(error: unknown, mayHaveRun?: boolean): never {
      failed?.discard();
      const isOfAttempt = mayHaveRun === undefined && error instanceof CallerLeft;
      throw exchange.signal.aborted && !isOfAttempt ? new CallerLeft(mayHaveRun) : error;
    }
  }

  function rest(course: Course, exchange: Exchange, { failure: { kind, waitMs = 0 } }: FailedAttempt): void {
    const isOut = kind === 'exhausted' || kind === 'turnedAway';
    course.rest(isOut ? Infinity : waitMs);
    // Where there is another upstream, the next calls need not ask this one first.
    if (fallbacks.length === 0 || kind === 'turnedAway') return;
    const { resting } = course.current();
    if (kind === 'exhausted') resting.rest(modelOf(exchange), Infinity);
    else if (kind === 'refused' && waitMs > 0) resting.rest(modelOf(exchange), waitMs);
  }

  /** What the caller's SDK is to make of an answer that is given up. */
  function toldToSdk(
    { failure: { kind, waitMs = 0 } }: FailedAttempt,
    repeatability: Repeatability,
    mayComeBack: boolean,
  ): Record<string, string> {
    // Nothing has been sent, and its Retry-After says when that may change.
    if (kind === 'turnedAway') return {};
    const didNotRun = kind !== 'unclear' && kind !== 'exhausted';
    // Nobody has tried again: retries are off, or the body could not be sent again from here.
    if (didNotRun && (maxAttempts === 1 || repeatability === 'gone')) return {};
    if (didNotRun && mayComeBack && waitMs <= longestWaitOfSdksMs) return {};
    return { 'x-should-retry': 'false' };
  }
}

function answered(reply: Reply, { name }: Upstream, attempts: number): Reply {
  const isFallback = name !== 'primary';
  if (attempts <= 1 && !isFallback) return reply;
  const how = { attempts, ...(isFallback && { fallback: name }) };
  return { ...reply, finished: reply.finished.then((outcome) => ({ ...outcome, ...how })) };
}

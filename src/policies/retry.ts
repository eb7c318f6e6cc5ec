import type { Clock } from '../clock.ts';
import { CallerLeft, ProxyError } from '../errors.ts';
import type { Exchange, Policy, Reply } from '../exchange.ts';
import { discard } from '../hold-reply.ts';
import { isStreamed } from '../openai/is-streamed.ts';
import { type FailedAttempt, attemptOf } from '../resilience/attempt.ts';
import { type Backoff, pauseMs } from '../resilience/backoff.ts';
import { type LookUp, findGeneration, marked } from '../resilience/find-generation.ts';
import type { Resting } from '../resilience/resting.ts';
import type { RetryBudget } from '../resilience/retry-budget.ts';
import { type Repeatability, repeatabilityOf, sendAgain } from '../resilience/send-again.ts';
import { type Upstream, candidatesFor, modelOf } from '../resilience/upstreams.ts';
import type { RetryMetrics, Withheld } from '../telemetry/retry-metrics.ts';

export interface RetryParts extends Backoff {
  /** To all upstreams together. */
  readonly maxAttempts: number;
  readonly budget: RetryBudget;
  readonly lookUp: LookUp;
  /** In the order in which they are asked, after the primary one. */
  readonly fallbacks: readonly Upstream[];
  readonly resting: Resting;
  readonly clock: Clock;
  readonly metrics: RetryMetrics;
}

/** SDKs come back by themselves if a wait is no longer. */
const longestWaitOfSdksMs = 60_000;

/**
 * Sends a call again that did not come about, here or to a fallback: see the table in `send-again.ts`. One that may
 * have run is never sent again unless the upstream says that it didn't. All attempts, wherever they go, come out of
 * one budget and end within the caller's time; an answer that is given up says so to the caller's SDK.
 */
export function retry(parts: RetryParts): Policy {
  const { maxAttempts, maxMs, budget, lookUp, fallbacks, clock, metrics } = parts;
  return (next) => {
    const primary: Upstream = { name: 'primary', handler: next, resting: parts.resting, serves: () => true };
    return (exchange) => send(marked(exchange, lookUp), primary);
  };

  async function send(exchange: Exchange, primary: Upstream): Promise<Reply> {
    budget.called();
    const repeatability = repeatabilityOf(exchange);
    let candidates = candidatesFor(exchange, primary, fallbacks);
    let round = candidates.slice(1);
    let upstream = candidates[0]!;
    let attempts = 0;
    let failed: FailedAttempt | undefined;
    const restUntilMs = new Map<Upstream, number>();
    for (;;) {
      const attempt = await attemptOf(upstream.handler, exchange, clock);
      const isTurnedAway = attempt.failure?.kind === 'turnedAway';
      if (!isTurnedAway) attempts += 1;
      if (!attempt.failure) {
        failed?.discard();
        return answered(attempt.reply, upstream, attempts);
      }
      const { kind, waitMs = 0 } = attempt.failure;
      // What an upstream said is of more use to the caller than that nothing was sent to another one.
      if (!isTurnedAway || !failed) {
        failed?.discard();
        failed = attempt;
      }
      rest(upstream, exchange, attempt);
      restUntilMs.set(upstream, clock.nowMs() + waitMs);

      const verdict = sendAgain[kind][repeatability];
      if (verdict === 'no') return giveUp('final');
      if (verdict === 'ask') {
        const found = await findGeneration(exchange, upstream.handler, clock).catch(leave);
        if (found.state === 'unknown') return giveUp('unclear');
        if (found.state === 'ran') return ranAlready(exchange, found, failed);
      }
      if (verdict === 'elsewhere') candidates = candidates.filter((other) => other !== upstream);
      const isNewRound = round.length === 0;
      if (isNewRound) round = [...candidates];
      const following = round.shift();
      if (!following) return giveUp('final');
      if (attempts >= maxAttempts) return giveUp('attempts');
      const askedMs = Math.max(0, (restUntilMs.get(following) ?? 0) - clock.nowMs());
      if (askedMs > maxMs) return giveUp('wait');
      const delayMs = isNewRound ? pauseMs(parts, attempts, askedMs) : 0;
      if (clock.nowMs() + delayMs >= (exchange.timing?.beginsByMs ?? Infinity)) return giveUp('time');
      if (attempts > 0 && !budget.spend()) return giveUp('budget');
      if (attempts > 0) metrics.retried(following.name, kind);
      if (delayMs > 0) await clock.sleep(delayMs, exchange.signal).catch(leave);
      upstream = following;
    }

    function giveUp(why: Withheld): Reply {
      metrics.withheld(why);
      const mayComeBack = why === 'wait' && attempts === 1;
      const note = why === 'unclear' ? 'It may have run, so it is not sent again.' : '';
      return failed!.answer(toldToSdk(failed!, repeatability, mayComeBack), note);
    }

    function leave(error: unknown): never {
      throw exchange.signal.aborted ? new CallerLeft() : error;
    }
  }

  /** Where there is another upstream, the next calls need not ask this one first. */
  function rest({ resting }: Upstream, exchange: Exchange, { failure }: FailedAttempt): void {
    if (fallbacks.length === 0) return;
    const { kind, waitMs = 0 } = failure;
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
  if (attempts === 1 && !isFallback) return reply;
  const how = { attempts, ...(isFallback && { fallback: name }) };
  return { ...reply, finished: reply.finished.then((outcome) => ({ ...outcome, ...how })) };
}

/** The caller gets the answer that broke off, as the upstream has kept it; a stream can't be told twice. */
function ranAlready(
  { body, query }: Exchange,
  { id, answer }: { readonly id: string; readonly answer: Reply },
  failed: FailedAttempt,
): Reply {
  failed.discard();
  if (!isStreamed(body.kind === 'json' ? body.value : undefined, query)) return answer;
  discard(answer);
  throw new ProxyError('upstream_unreachable', {
    message: `The upstream broke off before its stream had begun, but has the answer: retrieve ${id}.`,
    mayHaveRun: true,
    headers: { 'x-should-retry': 'false' },
  });
}

import { setTimeout as sleep } from 'node:timers/promises';

import type { AnswerStore, Call, Fingerprint } from './answer-store.ts';
import { type KeptAnswer, writeAnswer } from './kept-answer.ts';

/** The calls with a key that this process makes, each kept from lapsing until its end is in the store. */
export interface LiveCalls {
  /** A call that this process has just begun. */
  start(call: Call, body: Fingerprint): LiveCall;
  /** Releases a call of which nobody knows whether it was begun: it was not made. */
  disown(call: Call): void;
  /** Waits for all of them to end; false if some take longer. */
  drain(gracePeriodMs: number): Promise<boolean>;
  /** Ends those that still run, and waits for their ends to be in the store, but no longer than that. */
  close(timeoutMs: number): Promise<void>;
}

export interface LiveCall {
  /** Aborts when the process can't wait for the call any longer; its caller's leaving is no reason. */
  readonly signal: AbortSignal;
  /** What was asked for is known now. */
  identify(body: Fingerprint): void;
  /** What later callers get; undefined: the call did not run. Of effect once. */
  end(answer: KeptAnswer | undefined): void;
}

export interface LiveCallsSettings {
  readonly store: () => AnswerStore;
  readonly leaseMs: number;
  /** Told of an end that the store could not take for so long that it is given up. */
  readonly onGivenUp: (error: Error) => void;
}

/** A store that is away for longer leaves calls as abandoned: they are told as such, and never made again. */
const triesForMs = 120_000;
const firstRetryMs = 100;
const longestRetryMs = 2000;

export function createLiveCalls({ store, leaseMs, onGivenUp }: LiveCallsSettings): LiveCalls {
  /** What stops each call that still runs, and when it has ended. */
  const running = new Map<AbortController, Promise<unknown>>();
  /** What the store has yet to take. */
  const untold = new Set<Promise<void>>();
  const closed = new AbortController();
  let isClosing = false;

  /** Until the store has taken it. */
  function insist(tell: () => Promise<void>): Promise<void> {
    const told = tryOn(tell).finally(() => untold.delete(told));
    untold.add(told);
    return told;
  }

  async function tryOn(tell: () => Promise<void>): Promise<void> {
    const givesUpAtMs = performance.now() + triesForMs;
    for (let delayMs = firstRetryMs; ; delayMs = Math.min(2 * delayMs, longestRetryMs)) {
      try {
        return await tell();
      } catch (error) {
        if (closed.signal.aborted || performance.now() > givesUpAtMs) return onGivenUp(error as Error);
      }
      const pauseMs = isClosing ? firstRetryMs : delayMs;
      await sleep(pauseMs, undefined, { ref: false, signal: closed.signal }).catch(() => {});
    }
  }

  return {
    start(call, firstBody) {
      let body = firstBody;
      // What can't be renewed lapses, and is known as abandoned until its end is told.
      const renew = async () => store().renew(call, body);
      const timer = setInterval(() => void renew().catch(() => {}), leaseMs / 3).unref();
      const stopper = new AbortController();
      const ended = Promise.withResolvers<KeptAnswer | undefined>();
      const finish = async (): Promise<void> => {
        const answer = await ended.promise;
        const bytes = answer && writeAnswer(answer);
        const told = insist(() => (bytes ? store().keep(call, body, bytes) : store().release(call)));
        running.delete(stopper);
        await told;
        clearInterval(timer);
      };
      running.set(stopper, ended.promise);
      void finish();
      return {
        signal: stopper.signal,
        identify: (known) => void (body = known),
        end: ended.resolve,
      };
    },
    disown: (call) => void insist(() => store().release(call)),
    drain: (gracePeriodMs) => untilEmpty(running, gracePeriodMs),
    async close(timeoutMs) {
      isClosing = true;
      for (const stopper of running.keys()) stopper.abort();
      const givesUpAtMs = performance.now() + timeoutMs;
      await untilEmpty(running, timeoutMs);
      await untilEmpty(untold, Math.max(0, givesUpAtMs - performance.now()));
      closed.abort();
    },
  };
}

/** Resolves to false if some of what is waited for takes longer. */
async function untilEmpty(
  waitedFor: { readonly size: number; values(): Iterable<Promise<unknown>> },
  withinMs: number,
): Promise<boolean> {
  const inTime = new AbortController();
  const tooLate = sleep(withinMs, true, { signal: inTime.signal }).catch(() => true);
  let isTooLate = false;
  while (waitedFor.size > 0 && !isTooLate) {
    isTooLate = await Promise.race([Promise.all(waitedFor.values()).then(() => false), tooLate]);
  }
  inTime.abort();
  return waitedFor.size === 0;
}

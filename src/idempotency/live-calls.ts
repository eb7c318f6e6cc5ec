import { setTimeout as sleep } from 'node:timers/promises';

import type { AnswerStore, Call, Fingerprint } from './answer-store.ts';
import { type KeptAnswer, writeAnswer } from './kept-answer.ts';

/** The calls with a key that this process makes, each kept from lapsing until its end is in the store. */
export interface LiveCalls {
  /** A call that this process has just begun. */
  start(call: Call, body: Fingerprint): LiveCall;
  /** Releases a call of which nobody knows whether it was begun: it was not made. */
  disown(call: Call): void;
  /** Waits for all of them; false if some take longer. */
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
  const ends = new Set<Promise<void>>();
  const running = new Set<AbortController>();
  const closed = new AbortController();
  let isClosing = false;

  function track(work: Promise<void>): void {
    const tracked = work.finally(() => ends.delete(tracked));
    ends.add(tracked);
  }

  /** Until the store has taken it. */
  async function insist(tell: () => Promise<void>): Promise<void> {
    const givesUpAtMs = performance.now() + triesForMs;
    for (let delayMs = firstRetryMs; ; delayMs = Math.min(2 * delayMs, longestRetryMs)) {
      try {
        return await tell();
      } catch (error) {
        if (closed.signal.aborted || performance.now() > givesUpAtMs) return onGivenUp(error as Error);
      }
      const mostMs = isClosing ? firstRetryMs : delayMs;
      await sleep(mostMs, undefined, { ref: false, signal: closed.signal }).catch(() => {});
    }
  }

  /** Resolves to false if some of them take longer. */
  async function allEnd(withinMs: number): Promise<boolean> {
    const inTime = new AbortController();
    const tooLate = sleep(withinMs, 'too late', { signal: inTime.signal }).catch(() => {});
    while (ends.size > 0 && (await Promise.race([Promise.all(ends), tooLate])) !== 'too late');
    inTime.abort();
    return ends.size === 0;
  }

  return {
    start(call, firstBody) {
      let body = firstBody;
      const stopper = new AbortController();
      running.add(stopper);
      const ended = Promise.withResolvers<KeptAnswer | undefined>();
      // What can't be renewed lapses, and is known as abandoned until its end is told.
      const renew = () =>
        void store()
          .renew(call, body)
          .catch(() => {});
      const timer = setInterval(renew, leaseMs / 3).unref();
      const finish = async (): Promise<void> => {
        const answer = await ended.promise;
        running.delete(stopper);
        const bytes = answer && writeAnswer(answer);
        await insist(() => (bytes ? store().keep(call, body, bytes) : store().release(call)));
        clearInterval(timer);
      };
      track(finish());
      return {
        signal: stopper.signal,
        identify: (known) => void (body = known),
        end: ended.resolve,
      };
    },
    disown: (call) => track(insist(() => store().release(call))),
    drain: allEnd,
    async close(timeoutMs) {
      isClosing = true;
      for (const stopper of running) stopper.abort();
      await allEnd(timeoutMs);
      closed.abort();
    },
  };
}

import { setTimeout as sleep } from 'node:timers/promises';

import { CallerLeft, ProxyError } from '../errors.ts';
import {
  type Exchange,
  type Handler,
  type Outcome,
  type Policy,
  type Reply,
  beginWait,
  endWait,
} from '../exchange.ts';
import type { AnswerStore, Begun, Call, Fingerprint } from '../idempotency/answer-store.ts';
import {
  callOf,
  digestOf,
  fingerprintOf,
  readFingerprint,
  whileFlowing,
} from '../idempotency/fingerprint.ts';
import { type KeptAnswer, brokenOff, endOfError, noRetry, readAnswer } from '../idempotency/kept-answer.ts';
import type { LiveCall, LiveCalls } from '../idempotency/live-calls.ts';
import { recordAnswer } from '../idempotency/record-answer.ts';
import { failureOfToldError } from '../resilience/failure.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface ReplayParts {
  /** Opened by the first call that needs it. Throws an Error that says what to do if it can't be. */
  readonly store: () => AnswerStore;
  readonly calls: Pick<LiveCalls, 'start' | 'disown'>;
  /** What is larger is not kept: later callers are told so. */
  readonly maxAnswerBytes: number;
  readonly count: Metrics['idempotent'];
  /** A float in [0, 1). */
  readonly random: () => number;
}

/**
 * Makes a POST with an `Idempotency-Key` once: whoever sends the same again gets the first one's answer, also if that
 * still runs; another request with its key is refused. A call that may have run is never made again under its key,
 * and, since its caller may come back for the answer, goes on when that leaves.
 */
export function replay(parts: ReplayParts): Policy {
  return (next) => (exchange) => {
    const key = exchange.headers['idempotency-key'];
    if (key === undefined || key === '' || exchange.method !== 'POST') return next(exchange);
    return answerOnce(parts, next, exchange, String(key));
  };
}

/** Others wait for an answer by asking for it, soon at first. */
const firstPauseMs = 25;
const longestPauseMs = 1000;

async function answerOnce(
  parts: ReplayParts,
  next: Handler,
  exchange: Exchange,
  key: string,
): Promise<Reply> {
  const { count, random } = parts;
  refuseUnfitKey(key, count);
  const call = callOf(exchange, key);
  const body = fingerprintOf(exchange, key);
  let waitsSinceMs: number | undefined;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(1.5 * pauseMs, longestPauseMs)) {
    const begun = await begin(parts, call, body ?? '');
    if (waitsSinceMs !== undefined && begun.kind !== 'running') {
      exchange.span?.took('wait for the first answer', waitsSinceMs);
    }
    if (begun.kind === 'begun') return makeCall(parts, next, exchange, { key, call, body });
    const isWaitedFor = begun.kind === 'running';
    // A body that is still on the wire stays there as long as it may be the one that is sent.
    const own = body ?? (isWaitedFor ? '' : await ownBody(exchange, key, begun.body));
    if (own !== '' && begun.body !== '' && own !== begun.body) {
      count('conflict');
      throw new ProxyError('idempotency_key_reused', { param: 'Idempotency-Key', headers: noRetry });
    }
    if (begun.kind === 'abandoned') {
      count('abandoned');
      return replyOf(exchange, brokenOff());
    }
    if (begun.kind === 'answered') {
      exchange.record.isReplayed = true;
      count(pauseMs === firstPauseMs ? 'replayed' : 'waited');
      return replyOf(exchange, readAnswer(begun.answer));
    }
    waitsSinceMs ??= performance.now();
    beginWait(exchange.record);
    await sleep(pauseMs * (0.5 + random()), undefined, { signal: exchange.signal })
      .catch(() => {
        count('left');
        throw new CallerLeft();
      })
      .finally(() => endWait(exchange.record));
  }
}

function refuseUnfitKey(key: string, count: ReplayParts['count']): void {
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return;
  count('refused');
  throw new ProxyError('invalid_value', {
    param: 'Idempotency-Key',
    message: 'An Idempotency-Key must be 1 to 255 characters of printable ASCII. A UUID is a good one.',
  });
}

async function begin({ store, calls, count }: ReplayParts, call: Call, body: Fingerprint): Promise<Begun> {
  try {
    return await store().begin(call, body);
  } catch (error) {
    count('refused');
    if (!(error instanceof StoreUnavailable)) throw refusalOf(error as Error);
    if (error.mayHaveHappened) calls.disown(call);
    throw new ProxyError('store_unavailable', { cause: error, headers: { 'retry-after': '1' } });
  }
}

function refusalOf(cause: Error): ProxyError {
  return new ProxyError('store_unavailable', {
    cause,
    message: `A POST with an Idempotency-Key needs a store, and there is none. ${cause.message}`,
  });
}

/** An answer that was there before the first body's end is for any body. */
async function ownBody(exchange: Exchange, key: string, first: Fingerprint): Promise<Fingerprint> {
  const { body } = exchange;
  if (body.kind !== 'unread' || first === '') return '';
  return readFingerprint(body.source, digestOf(exchange, key));
}

interface Beginning {
  readonly key: string;
  readonly call: Call;
  /** Undefined as long as the body is on the wire. */
  readonly body: Fingerprint | undefined;
}

async function makeCall(
  { calls, count, maxAnswerBytes }: ReplayParts,
  next: Handler,
  exchange: Exchange,
  { key, call, body }: Beginning,
): Promise<Reply> {
  count('begun');
  const live = calls.start(call, body ?? '');
  let cameWhole = body !== undefined;
  const onWhole = (whole: Fingerprint): void => {
    cameWhole = true;
    live.identify(whole);
  };
  try {
    const reply = await next(goingOn(exchange, live, key, onWhole));
    const { status, headers, toldError } = reply;
    // A stream that tells first that the call came to nothing is no answer to keep.
    const isFailed = toldError !== undefined && failureOfToldError(toldError) !== undefined;
    return {
      ...reply,
      body: recordAnswer(reply.body, {
        head: { status, headers },
        maxBytes: maxAnswerBytes,
        left: exchange.signal,
        onEnd: (answer) => live.end(isFailed ? undefined : answer),
      }),
      finished: reply.finished.then((outcome) => asSeenBy(exchange, outcome)),
    };
  } catch (error) {
    live.end(endOfError(error as Error, cameWhole));
    throw error;
  }
}

/**
 * The exchange as it goes on when its caller leaves: how long that waits is no bound, since it may come back for the
 * answer.
 */
function goingOn(
  exchange: Exchange,
  { signal }: LiveCall,
  key: string,
  onWhole: (whole: Fingerprint) => void,
): Exchange {
  const { body } = exchange;
  const { 'x-stainless-timeout': _, 'x-stainless-read-timeout': __, ...headers } = exchange.headers;
  if (body.kind !== 'unread') return { ...exchange, headers, signal };
  const source = whileFlowing(body.source, digestOf(exchange, key), onWhole);
  return { ...exchange, headers, signal, body: { kind: 'unread', source } };
}

function asSeenBy({ signal }: Exchange, outcome: Outcome): Outcome {
  return signal.aborted && outcome.ending === 'complete' ? { ...outcome, ending: 'aborted' } : outcome;
}

function replyOf({ signal }: Exchange, { status, headers, body }: KeptAnswer): Reply {
  const finished = Promise.withResolvers<Outcome>();
  return {
    status,
    headers: { ...headers, 'idempotent-replayed': 'true' },
    body(sink) {
      const firstByteAtMs = performance.now();
      sink.write(body);
      sink.end();
      const ending = signal.aborted ? 'aborted' : 'complete';
      finished.resolve({ ending, bodyBytes: body.length, ...(body.length > 0 && { firstByteAtMs }) });
      return { resume() {}, leave() {} };
    },
    finished: finished.promise,
  };
}

import type { Clock } from '../clock.ts';
import type { Exchange, Handler, Reply } from '../exchange.ts';
import { discard, holdReply } from '../hold-reply.ts';
import { apiVersionIn } from '../openai/api-version.ts';
import { isRecord } from '../openai/is-record.ts';
import { matchOperation } from '../openai/match-operation.ts';
import type { CallQueue } from './call-queue.ts';
import { carriesMark, markKey } from './mark.ts';

export type Found =
  /** It ran: this is its answer, as a call for it alone would have it. */
  | { readonly state: 'ran'; readonly id: string; readonly answer: Reply }
  | { readonly state: 'notRun' }
  /** The upstream can't be asked, or doesn't know. */
  | { readonly state: 'unknown' };

/**
 * Asks the upstream whether a marked generation ran of which no answer came, and waits for its end if it still runs.
 * Rejects only when the exchange's signal aborts.
 *
 * @param startedUnixMs when the call was first sent, on this side's clock.
 */
export type FindGeneration = (exchange: Exchange, upstream: Handler, startedUnixMs: number) => Promise<Found>;

interface Shelf {
  readonly path: string;
  /** Whether a generation is listed from its beginning, so that one that isn't has not begun. */
  readonly isImmediate: boolean;
  readonly filter: (mark: string) => string;
}

const shelves: Readonly<Record<string, Shelf>> = {
  'responses.create': { path: '/responses', isImmediate: true, filter: () => '' },
  // Listed when it is complete.
  'chat.completions.create': {
    path: '/chat/completions',
    isImmediate: false,
    filter: (mark) => `&metadata[${markKey}]=${mark}`,
  },
};

/** An upstream may list a generation a moment later. */
const askAgainAfterMs = [0, 100, 300, 600];
const firstPollMs = 500;
const longestPollMs = 2000;
/** A caller who names no time waits no longer for a generation that goes on. */
const longestWaitMs = 600_000;
/** A question is answered sooner than a generation. */
const questionTiming = { firstByteMs: 10_000, idleMs: 10_000 };
const pageSize = 20;
const maxPages = 5;
/** What is larger is read no further: parsing it would hold up all other calls. */
const maxAnswerBytes = 16 * 1024 * 1024;
/** How far the clocks of the two sides may be apart. */
const skewMs = 120_000;

/** @param asking bounds the questions that are asked at one time: their answers are large. */
export function createFindGeneration(clock: Clock, asking: CallQueue): FindGeneration {
  return async (exchange, upstream, startedUnixMs) => {
    const { id: mark, signal } = exchange;
    const shelf = shelves[exchange.operation.name];
    if (!shelf) return { state: 'unknown' };
    const givesUpAtMs = Math.min(exchange.timing?.beginsByMs ?? Infinity, clock.nowMs() + longestWaitMs);
    const isLate = (afterMs: number) => clock.nowMs() + afterMs > givesUpAtMs;
    let wasListed = false;
    for (const delayMs of askAgainAfterMs) {
      if (isLate(delayMs)) break;
      await clock.sleep(delayMs, signal);
      const listed = await search(shelf);
      if (listed === 'refused') return { state: 'unknown' };
      if (typeof listed === 'object') return waitFor(`${shelf.path}/${listed.id}`, listed.id);
      wasListed = listed === 'absent';
    }
    return { state: wasListed && shelf.isImmediate ? 'notRun' : 'unknown' };

    /** `absent`: the list goes back to before the call. */
    async function search({
      path,
      filter,
    }: Shelf): Promise<{ id: string } | 'absent' | 'refused' | 'unclear'> {
      let after = '';
      for (let page = 0; page < maxPages; page += 1) {
        const query = `?order=desc&limit=${pageSize}${after}${filter(mark)}`;
        const { status, value, reply } = await ask(path, query);
        if (reply) discard(reply);
        // It has no such list, or none for this key.
        if (status >= 400 && status < 500 && status !== 408 && status !== 429) return 'refused';
        if (status !== 200 || !isRecord(value) || !Array.isArray(value['data'])) return 'unclear';
        const items = value['data'].filter(isRecord);
        const id = items.find((item) => carriesMark(item, mark))?.['id'];
        if (isPlain(id)) return { id };
        const last = items.at(-1);
        if (!last || value['has_more'] !== true) return 'absent';
        const createdAt = Number(last['created_at'] ?? last['created']);
        if (createdAt * 1000 < startedUnixMs - skewMs) return 'absent';
        if (!isPlain(last['id'])) return 'unclear';
        after = `&after=${last['id']}`;
      }
      return 'unclear';
    }

    async function waitFor(path: string, id: string): Promise<Found> {
      for (let pollMs = firstPollMs; ; pollMs = Math.min(pollMs * 2, longestPollMs)) {
        const { status, value, reply } = await ask(path, '');
        const isOver = status === 200 && isRecord(value) && !unfinished.has(value['status']);
        if (isOver && reply) return { state: 'ran', id, answer: reply };
        if (reply) discard(reply);
        if (isLate(pollMs)) return { state: 'unknown' };
        await clock.sleep(pollMs, signal);
      }
    }

    /** What is no JSON has no value, what could not be asked no status. The reply can be read again, or is discarded. */
    async function ask(path: string, query: string): Promise<Answer> {
      const leave = await asking.enter(signal);
      try {
        return await readAnswer(await upstream(questionOf(exchange, path, query)));
      } catch (error) {
        if (signal.aborted) throw error;
        return { status: 0, value: undefined };
      } finally {
        leave();
      }
    }
  };
}

const unfinished: ReadonlySet<unknown> = new Set(['queued', 'in_progress']);

/** An id becomes a part of a path, and an upstream may say what it likes. */
function isPlain(id: unknown): id is string {
  return typeof id === 'string' && /^[\w-]{1,128}$/.test(id);
}

function questionOf(exchange: Exchange, path: string, query: string): Exchange {
  const { operation } = matchOperation('GET', `/v1${path}`)!;
  const version = apiVersionIn(exchange.query);
  const versioned = version === '' ? query : `${query === '' ? '?' : `${query}&`}${version}`;
  return {
    ...exchange,
    method: 'GET',
    operation,
    path,
    query: versioned,
    headers: {},
    body: { kind: 'none' },
    timing: { beginsByMs: Infinity, ...exchange.timing, ...questionTiming },
  };
}

interface Answer {
  readonly status: number;
  readonly value: unknown;
  readonly reply?: Reply;
}

function readAnswer(answer: Reply): Promise<Answer> {
  const { status } = answer;
  return new Promise((resolve) => {
    holdReply(answer, maxAnswerBytes, ({ ending, bytes, chunks, reply }) => {
      if (ending === undefined && bytes < maxAnswerBytes) return;
      resolve({ status, value: ending === 'ended' ? parse(chunks) : undefined, reply });
    });
  });
}

function parse(chunks: readonly Uint8Array[]): unknown {
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

import type { Clock } from '../clock.ts';
import type { Exchange, Handler, Reply, RequestBody } from '../exchange.ts';
import { holdReply } from '../hold-reply.ts';
import { isRecord } from '../openai/is-record.ts';
import { matchOperation } from '../openai/match-operation.ts';
import { withMember } from '../openai/with-member.ts';

/** Which generations can be asked about: see `retry.lookUp`. */
export type LookUp = 'never' | 'stored' | 'responses';

/** The key in the metadata of a generation by which it is found again. */
const markKey = 'assistant_proxy_call';
/** As many pairs as the API takes. */
const maxPairs = 16;

interface Shelf {
  readonly path: string;
  /** Whether a generation is listed from its beginning, so that one that isn't has not begun. */
  readonly isImmediate: boolean;
  query(mark: string): string;
}

const shelves: Readonly<Record<string, Shelf>> = {
  'responses.create': { path: '/responses', isImmediate: true, query: () => '?order=desc&limit=100' },
  // Listed when it is complete.
  'chat.completions.create': {
    path: '/chat/completions',
    isImmediate: false,
    query: (mark) => `?order=desc&limit=20&metadata[${markKey}]=${mark}`,
  },
};

/** The call with a mark in its metadata, if the upstream keeps what it generates and can be asked about it. */
export function marked(exchange: Exchange, lookUp: LookUp): Exchange {
  const { body, id } = exchange;
  if (body.kind !== 'json' || !isRecord(body.value) || !isKept(exchange, body.value, lookUp)) return exchange;
  const given = body.value['metadata'] ?? {};
  if (!isRecord(given) || Object.keys(given).length >= maxPairs) return exchange;
  const metadata = { ...given, [markKey]: id };
  const bytes = withMember(body.bytes, 'metadata', JSON.stringify(metadata));
  return { ...exchange, body: { kind: 'json', bytes, value: { ...body.value, metadata } } };
}

function isKept({ operation }: Exchange, body: Record<string, unknown>, lookUp: LookUp): boolean {
  if (operation.name === 'responses.create') return lookUp === 'responses' && body['store'] !== false;
  return operation.name === 'chat.completions.create' && lookUp !== 'never' && body['store'] === true;
}

function markOf(body: RequestBody): string | undefined {
  const value = body.kind === 'json' && isRecord(body.value) ? body.value['metadata'] : undefined;
  const mark = isRecord(value) && Object.hasOwn(value, markKey) ? value[markKey] : undefined;
  return typeof mark === 'string' ? mark : undefined;
}

export type Found =
  /** It ran: this is its answer, as a call for it alone would have it. */
  | { readonly state: 'ran'; readonly id: string; readonly answer: Reply }
  | { readonly state: 'notRun' }
  /** The upstream can't be asked, or doesn't know. */
  | { readonly state: 'unknown' };

/** An upstream may list a generation a moment later. */
const askAgainAfterMs = [0, 100, 300, 600];
const firstPollMs = 500;
const longestPollMs = 2000;
/** A caller who names no time waits no longer for a generation that goes on. */
const longestWaitMs = 600_000;
const maxListBytes = 64 * 1024 * 1024;

/**
 * Asks the upstream whether a generation ran of which no answer came, and waits for its end if it still runs. Rejects
 * only when the signal aborts.
 */
export async function findGeneration(exchange: Exchange, upstream: Handler, clock: Clock): Promise<Found> {
  const mark = markOf(exchange.body);
  const shelf = shelves[exchange.operation.name];
  if (mark === undefined || !shelf) return { state: 'unknown' };
  const givesUpAtMs = Math.min(exchange.timing?.beginsByMs ?? Infinity, clock.nowMs() + longestWaitMs);
  let wasListed = false;
  for (const delayMs of askAgainAfterMs) {
    await clock.sleep(delayMs, exchange.signal);
    const list = await ask(shelf.path, shelf.query(mark));
    if (list.isRefused) return { state: 'unknown' };
    wasListed = list.items !== undefined;
    const id = list.items?.find(({ metadata }) => isRecord(metadata) && metadata[markKey] === mark)?.['id'];
    if (typeof id === 'string' && /^[\w-]{1,128}$/.test(id)) return waitFor(id);
  }
  return { state: wasListed && shelf.isImmediate ? 'notRun' : 'unknown' };

  async function waitFor(id: string): Promise<Found> {
    const path = `${shelf!.path}/${id}`;
    let pollMs = firstPollMs;
    for (;;) {
      const answer = await upstream(questionOf(exchange, path, '')).catch(() => undefined);
      if (answer?.status === 200) {
        const { value, reply } = await readReply(answer);
        const status = isRecord(value) ? value['status'] : undefined;
        if (status !== 'queued' && status !== 'in_progress') return { state: 'ran', id, answer: reply };
      }
      if (clock.nowMs() + pollMs > givesUpAtMs) return { state: 'unknown' };
      await clock.sleep(pollMs, exchange.signal);
      pollMs = Math.min(pollMs * 2, longestPollMs);
    }
  }

  async function ask(path: string, query: string) {
    const answer = await upstream(questionOf(exchange, path, query)).catch(() => undefined);
    if (!answer) return { isRefused: false };
    const { value } = await readReply(answer);
    // It has no such list, or none for this key.
    if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) return { isRefused: true };
    const data = answer.status === 200 && isRecord(value) ? value['data'] : undefined;
    return Array.isArray(data) ? { isRefused: false, items: data.filter(isRecord) } : { isRefused: false };
  }
}

function questionOf(exchange: Exchange, path: string, query: string): Exchange {
  const { operation } = matchOperation('GET', `/v1${path}`)!;
  return { ...exchange, method: 'GET', operation, path, query, headers: {}, body: { kind: 'none' } };
}

/** The answer's value, undefined if it is no JSON, and the answer once more, for somebody else to read. */
function readReply(answer: Reply): Promise<{ value: unknown; reply: Reply }> {
  return new Promise((resolve) => {
    holdReply(answer, maxListBytes, ({ ending, bytes, chunks, reply }) => {
      if (ending === undefined && bytes < maxListBytes) return;
      resolve({ value: ending === 'ended' ? parse(chunks) : undefined, reply });
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

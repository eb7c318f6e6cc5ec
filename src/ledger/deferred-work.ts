import type { Exchange, Outcome } from '../exchange.ts';
import { apiVersionIn } from '../openai/api-version.ts';
import type { UpstreamWork } from './settlement.ts';

/**
 * Work that goes on upstream when its request has been answered: background Responses, Batches and runs. Its
 * usage is told later, to whoever asks for it (L6).
 */

const finalStatuses: ReadonlySet<string> = new Set([
  'completed',
  'failed',
  'incomplete',
  'cancelled',
  'expired',
]);

/** Whether the upstream will add nothing to what it told of its usage. */
export function isFinal(status: string | undefined): boolean {
  return status !== undefined && finalStatuses.has(status);
}

/** The work that this answer has begun, or that goes on after its stream was left; undefined if it is over. */
export function workBegunBy(exchange: Exchange, outcome: Outcome): UpstreamWork | undefined {
  const { id, status, threadId } = outcome;
  if (!isPlain(id) || isFinal(status)) return undefined;
  const query = versionOf(exchange.query);
  switch (exchange.operation.name) {
    case 'responses.create':
      return isInBackground(exchange) ? { id, path: `/responses/${id}${query}` } : undefined;
    case 'batches.create':
      return { id, path: `/batches/${id}${query}` };
    case 'threads.runs.create':
      return { id, path: `${exchange.path}/${id}${query}` };
    case 'threads.createAndRun':
      return isPlain(threadId) ? { id, path: `/threads/${threadId}/runs/${id}${query}` } : undefined;
    default:
      return undefined;
  }
}

/** A response whose stream the caller left: where to ask what it used until the upstream noticed. */
export function lookupAfterCut(exchange: Exchange, { id, usage }: Outcome): UpstreamWork | undefined {
  const isKept = exchange.operation.name === 'responses.create' && !isForgotten(exchange);
  if (!isKept || !isPlain(id) || usage) return undefined;
  return { id, path: `/responses/${id}${versionOf(exchange.query)}` };
}

/** Operations whose answer may tell of the end of work that was begun by another. */
const tellers: ReadonlySet<string> = new Set([
  'responses.retrieve',
  'responses.cancel',
  'batches.retrieve',
  'batches.cancel',
  'threads.runs.retrieve',
  'threads.runs.cancel',
  'threads.runs.update',
  'threads.runs.submitToolOutputs',
]);

export function tellsOfOtherWork({ operation }: Exchange): boolean {
  return tellers.has(operation.name);
}

/** An id becomes a part of a path, and an upstream may say what it likes. */
function isPlain(id: string | undefined): id is string {
  return id !== undefined && /^[\w-]{1,128}$/.test(id);
}

function isForgotten({ body }: Exchange): boolean {
  return body.kind === 'json' && (body.value as { store?: unknown } | null)?.store === false;
}

function isInBackground({ body }: Exchange): boolean {
  return body.kind === 'json' && (body.value as { background?: unknown } | null)?.background === true;
}

/** Azure wants its version with every call. */
function versionOf(query: string): string {
  const version = apiVersionIn(query);
  return version === '' ? '' : `?${version}`;
}

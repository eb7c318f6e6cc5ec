import type { Exchange } from '../exchange.ts';
import { isRecord } from '../openai/is-record.ts';
import { withMember } from '../openai/with-member.ts';

/** Which generations can be asked about: see `retry.lookUp`. */
export type LookUp = 'never' | 'stored' | 'responses';

/** The key in the metadata of a generation by which it is found again. */
export const markKey = 'assistant_proxy_call';
/** As many pairs as the API takes. */
const maxPairs = 16;

/** The call with its own id in its metadata, if the upstream keeps what it generates and can be asked about it. */
export function marked(exchange: Exchange, lookUp: LookUp): Exchange {
  const { body, id } = exchange;
  if (lookUp === 'never' || body.kind !== 'json' || !isRecord(body.value)) return exchange;
  if (!isKept(exchange, body.value, lookUp)) return exchange;
  const given = body.value['metadata'] ?? {};
  if (!isRecord(given)) return exchange;
  const isFull = !Object.hasOwn(given, markKey) && Object.keys(given).length >= maxPairs;
  if (isFull) return exchange;
  const metadata = { ...given, [markKey]: id };
  const bytes = withMember(body.bytes, 'metadata', JSON.stringify(metadata));
  return { ...exchange, body: { kind: 'json', bytes, value: { ...body.value, metadata } } };
}

function isKept({ operation }: Exchange, body: Record<string, unknown>, lookUp: LookUp): boolean {
  if (operation.name === 'responses.create') return lookUp === 'responses' && body['store'] !== false;
  return operation.name === 'chat.completions.create' && body['store'] === true;
}

/** A mark that is another call's was copied, with the metadata of an earlier answer, by the application. */
export function isMarked({ body, id }: Pick<Exchange, 'body' | 'id'>): boolean {
  const metadata = body.kind === 'json' && isRecord(body.value) ? body.value['metadata'] : undefined;
  return carriesMark({ metadata }, id);
}

export function carriesMark({ metadata }: Record<string, unknown>, mark: string): boolean {
  return isRecord(metadata) && Object.hasOwn(metadata, markKey) && metadata[markKey] === mark;
}

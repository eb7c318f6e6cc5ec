import { ProxyError } from '../../errors.ts';
import { isRecord } from '../../openai/is-record.ts';
import type { UpstreamCalls } from '../upstream-calls.ts';
import { upstreamRefusal } from '../upstream-refusal.ts';
import type { Caller } from './object-parts.ts';

/** Of the vector stores that come into being for a thread: OpenAI kept those for 7 days after their last use. */
export const sevenDays = { anchor: 'last_active_at', days: 7 };

/**
 * Creates a vector store upstream, and resolves to its id. Rejects with the upstream's error in the API's form, or
 * with what the pipeline rejects with.
 */
export async function createVectorStore(
  calls: UpstreamCalls,
  { identity, signal, trace }: Caller,
  params: object,
): Promise<string> {
  const answer = await calls.json({
    method: 'POST',
    path: '/vector_stores',
    body: params,
    identity,
    signal,
    trace,
  });
  const refusal = upstreamRefusal(answer);
  if (refusal) throw refusal;
  const id = isRecord(answer.value) ? answer.value['id'] : undefined;
  if (typeof id !== 'string') throw new ProxyError('upstream_unreachable');
  return id;
}

/** Rejects as `createVectorStore` does. */
export async function addToVectorStore(
  calls: UpstreamCalls,
  { identity, signal, trace }: Caller,
  vectorStoreId: string,
  fileId: string,
): Promise<void> {
  const path = `/vector_stores/${encodeURIComponent(vectorStoreId)}/files`;
  const answer = await calls.json({
    method: 'POST',
    path,
    body: { file_id: fileId },
    identity,
    signal,
    trace,
  });
  const refusal = upstreamRefusal(answer);
  if (refusal) throw refusal;
}

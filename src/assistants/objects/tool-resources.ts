import type { ToolResourcesParams } from '../params/tool-params.ts';
import type { UpstreamCalls } from '../upstream-calls.ts';
import type { ToolResources } from '../wire.ts';
import type { Caller } from './object-parts.ts';
import { createVectorStore } from './vector-stores.ts';

/**
 * Tool resources as they are answered: the vector stores that are described are created upstream, and named by id.
 * Rejects as `createVectorStore` does.
 *
 * @param expiresAfter of the vector stores that are created; undefined: they stay
 */
export async function createToolResources(
  calls: UpstreamCalls,
  caller: Caller,
  params: ToolResourcesParams = {},
  expiresAfter?: object,
): Promise<ToolResources> {
  const { code_interpreter, file_search } = params;
  const ids = [...(file_search?.vector_store_ids ?? [])];
  for (const described of file_search?.vector_stores ?? []) {
    const expires = expiresAfter ? { expires_after: expiresAfter } : {};
    ids.push(await createVectorStore(calls, caller, { ...described, ...expires }));
  }
  return {
    ...(code_interpreter ? { code_interpreter } : {}),
    ...(file_search ? { file_search: { vector_store_ids: ids } } : {}),
  };
}

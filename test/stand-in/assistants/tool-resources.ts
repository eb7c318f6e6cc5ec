import type { Assistant, AssistantCreateParams } from 'openai/resources/beta/assistants';

import type { Mint } from '../mint.ts';
import type { VectorStoreState } from '../vector-store-state.ts';
import { openVectorStore } from '../vector-stores.ts';

/** Tool resources as they are answered: vector stores that were described are created, and named by id. */
export function toToolResources(
  asked: AssistantCreateParams['tool_resources'],
  vectorStores: VectorStoreState,
  mint: Mint,
): Assistant.ToolResources {
  if (!asked) return {};
  const created = (asked.file_search?.vector_stores ?? []).map((described) => {
    const entry = vectorStores.add(openVectorStore({ metadata: described.metadata ?? {} }, mint));
    for (const file_id of described.file_ids ?? []) vectorStores.addFile(entry, { file_id }, mint);
    return entry.store.id;
  });
  return {
    ...(asked.code_interpreter ? { code_interpreter: asked.code_interpreter } : {}),
    ...(asked.file_search
      ? { file_search: { vector_store_ids: [...(asked.file_search.vector_store_ids ?? []), ...created] } }
      : {}),
  };
}

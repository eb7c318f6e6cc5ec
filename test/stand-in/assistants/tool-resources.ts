import type { AssistantCreateParams } from 'openai/resources/beta/assistants';
import type { Message } from 'openai/resources/beta/threads/messages';
import type { Thread } from 'openai/resources/beta/threads/threads';

import type { Mint } from '../mint.ts';
import type { VectorStoreState } from '../vector-store-state.ts';
import { openVectorStore } from '../vector-stores.ts';

/** Of those that come into being for a thread. */
export const sevenDays = { anchor: 'last_active_at' as const, days: 7 };

/** Tool resources as they are answered: vector stores that were described are created, and named by id. */
export function toToolResources(
  asked: AssistantCreateParams['tool_resources'],
  vectorStores: VectorStoreState,
  mint: Mint,
  expires_after?: typeof sevenDays,
): Thread.ToolResources {
  if (!asked) return {};
  const created = (asked.file_search?.vector_stores ?? []).map((described) => {
    const metadata = described.metadata ?? {};
    const opened = openVectorStore({ metadata, ...(expires_after ? { expires_after } : {}) }, mint);
    const entry = vectorStores.add(opened);
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

/** Lets the files that came with a message join those of its thread, for the tools that are to see them. */
export function attachFiles(
  thread: Thread,
  { attachments }: Message,
  vectorStores: VectorStoreState,
  mint: Mint,
): void {
  for (const { file_id, tools = [] } of attachments ?? []) {
    if (file_id === undefined) continue;
    const resources = thread.tool_resources ?? {};
    if (tools.some(({ type }) => type === 'file_search')) {
      const [storeId] = resources.file_search?.vector_store_ids ?? [];
      const entry = storeId
        ? vectorStores.find(storeId)
        : vectorStores.add(openVectorStore({ expires_after: sevenDays }, mint));
      vectorStores.addFile(entry, { file_id }, mint);
      thread.tool_resources = { ...resources, file_search: { vector_store_ids: [entry.store.id] } };
    }
    if (tools.some(({ type }) => type === 'code_interpreter')) {
      const file_ids = [...new Set([...(resources.code_interpreter?.file_ids ?? []), file_id])];
      thread.tool_resources = { ...thread.tool_resources, code_interpreter: { file_ids } };
    }
  }
}

import type { MessageParams } from '../params/message-params.ts';
import type { UpstreamCalls } from '../upstream-calls.ts';
import type { Attachment, ToolResources } from '../wire.ts';
import type { Caller } from './object-parts.ts';
import { addToVectorStore, createVectorStore, sevenDays } from './vector-stores.ts';

/** Whether the message brings files that its thread's tools are to see. */
export function hasFiles({ attachments = [] }: MessageParams): boolean {
  return attachments.some(({ file_id, tools = [] }) => file_id !== undefined && tools.length > 0);
}

/**
 * Lets files that came with messages join those of their thread: for file_search in its vector store, which is
 * created upstream if there is none, for code_interpreter in its list. Resolves to the thread's tool resources from
 * then on. Rejects as `createVectorStore` does.
 */
export async function attachFiles(
  calls: UpstreamCalls,
  caller: Caller,
  before: ToolResources | null,
  attachments: readonly Attachment[],
): Promise<ToolResources> {
  const resources: ToolResources = { ...before };
  const searched = filesFor(attachments, 'file_search');
  const computed = filesFor(attachments, 'code_interpreter');
  if (searched.length > 0) {
    const [present] = resources.file_search?.vector_store_ids ?? [];
    if (present === undefined) {
      const params = { file_ids: searched, expires_after: sevenDays };
      resources.file_search = { vector_store_ids: [await createVectorStore(calls, caller, params)] };
    } else {
      for (const fileId of searched) await addToVectorStore(calls, caller, present, fileId);
    }
  }
  if (computed.length > 0) {
    const fileIds = new Set([...(resources.code_interpreter?.file_ids ?? []), ...computed]);
    resources.code_interpreter = { file_ids: [...fileIds] };
  }
  return resources;
}

function filesFor(attachments: readonly Attachment[], tool: 'file_search' | 'code_interpreter'): string[] {
  const ids = attachments
    .filter(({ tools = [] }) => tools.some(({ type }) => type === tool))
    .map(({ file_id }) => file_id)
    .filter((id) => id !== undefined);
  return [...new Set(ids)];
}

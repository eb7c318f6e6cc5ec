import type {
  FileBatchCreateParams,
  VectorStoreFileBatch,
} from 'openai/resources/vector-stores/file-batches';
import type { VectorStoreFile } from 'openai/resources/vector-stores/files';

import { missing, noSuch } from './api-error.ts';
import type { Call } from './call.ts';
import { paginate, type Page } from './list.ts';
import { json } from './reply.ts';
import type { Route } from './router.ts';
import { withStatus } from './vector-store-files.ts';
import type { BatchEntry, FileRequest, VectorStoreState } from './vector-store-state.ts';

export function vectorStoreBatchRoutes(state: VectorStoreState): Route[] {
  const find = ({ params }: Call) => {
    const entry = state.find(params['vector_store_id']);
    const batch = entry.batches.get(params['batch_id'] ?? '');
    if (!batch) throw noSuch('file batch', params['batch_id'] ?? '');
    const members = () => [...entry.files.values()].filter(({ batchId }) => batchId === batch.id);
    return { entry, batch, members };
  };
  return [
    {
      method: 'POST',
      path: '/vector_stores/{vector_store_id}/file_batches',
      handle(call) {
        const entry = state.find(call.params['vector_store_id']);
        const requests = toRequests(call.json<FileBatchCreateParams>());
        const batch: BatchEntry = {
          id: call.mint.id('vsfb_', 32),
          createdAt: call.mint.seconds(),
          cancelled: false,
        };
        entry.batches.set(batch.id, batch);
        for (const request of requests) state.addFile(entry, request, call.mint, batch.id);
        return json<VectorStoreFileBatch>(state.viewBatch(entry, batch));
      },
    },
    {
      method: 'GET',
      path: '/vector_stores/{vector_store_id}/file_batches/{batch_id}',
      handle(call) {
        const { entry, batch } = find(call);
        return json<VectorStoreFileBatch>(state.viewBatch(entry, batch));
      },
    },
    {
      method: 'POST',
      path: '/vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel',
      handle(call) {
        const { entry, batch, members } = find(call);
        const open = members().filter((member) => state.viewFile(member).status === 'in_progress');
        for (const member of open) member.cancelled = true;
        batch.cancelled = open.length > 0;
        return json<VectorStoreFileBatch>(state.viewBatch(entry, batch));
      },
    },
    {
      method: 'GET',
      path: '/vector_stores/{vector_store_id}/file_batches/{batch_id}/files',
      handle(call) {
        const files = find(call).members().map(state.viewFile);
        return json<Page<VectorStoreFile>>(paginate(withStatus(files, call.query), call.query));
      },
    },
  ];
}

function toRequests(body: FileBatchCreateParams): FileRequest[] {
  if (body.files) return body.files;
  if (!body.file_ids) throw missing('file_ids');
  const { attributes, chunking_strategy } = body;
  return body.file_ids.map((file_id) => ({
    file_id,
    ...(attributes ? { attributes } : {}),
    ...(chunking_strategy ? { chunking_strategy } : {}),
  }));
}

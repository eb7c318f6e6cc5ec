import type {
  FileContentResponse,
  FileCreateParams,
  FileUpdateParams,
  VectorStoreFile,
  VectorStoreFileDeleted,
} from 'openai/resources/vector-stores/files';

import { missing, noSuch } from './api-error.ts';
import type { Call } from './call.ts';
import type { FileStore } from './files.ts';
import { paginate, type Page } from './list.ts';
import { json } from './reply.ts';
import type { Route } from './router.ts';
import { passagesOf, type VectorStoreState } from './vector-store-state.ts';

export function vectorStoreFileRoutes(state: VectorStoreState, files: FileStore): Route[] {
  const find = ({ params }: Call) => {
    const entry = state.find(params['vector_store_id']);
    const found = entry.files.get(params['file_id'] ?? '');
    if (!found) throw noSuch('file', params['file_id'] ?? '');
    return { entry, found };
  };
  return [
    {
      method: 'POST',
      path: '/vector_stores/{vector_store_id}/files',
      handle(call) {
        const body = call.json<FileCreateParams>();
        if (!body.file_id) throw missing('file_id');
        const entry = state.find(call.params['vector_store_id']);
        return json<VectorStoreFile>(state.addFile(entry, body, call.mint));
      },
    },
    {
      method: 'GET',
      path: '/vector_stores/{vector_store_id}/files',
      handle({ params, query }) {
        const all = [...state.find(params['vector_store_id']).files.values()].map(state.viewFile);
        return json<Page<VectorStoreFile>>(paginate(withStatus(all, query), query));
      },
    },
    {
      method: 'GET',
      path: '/vector_stores/{vector_store_id}/files/{file_id}',
      handle: (call) => json<VectorStoreFile>(state.viewFile(find(call).found)),
    },
    {
      method: 'POST',
      path: '/vector_stores/{vector_store_id}/files/{file_id}',
      handle(call) {
        const { found } = find(call);
        found.file.attributes = call.json<FileUpdateParams>().attributes;
        return json<VectorStoreFile>(state.viewFile(found));
      },
    },
    {
      method: 'DELETE',
      path: '/vector_stores/{vector_store_id}/files/{file_id}',
      handle(call) {
        const { entry, found } = find(call);
        const { id } = found.file;
        entry.files.delete(id);
        return json<VectorStoreFileDeleted>({ id, object: 'vector_store.file.deleted', deleted: true });
      },
    },
    {
      method: 'GET',
      path: '/vector_stores/{vector_store_id}/files/{file_id}/content',
      handle(call) {
        const passages = passagesOf(files, find(call).found.file.id);
        return json<ContentPage>({
          object: 'vector_store.file_content.page',
          data: passages.map(({ text }) => ({ type: 'text', text })),
          has_more: false,
          next_page: null,
        });
      },
    },
  ];
}

/** The query's `filter`, by status. */
export function withStatus(files: VectorStoreFile[], query: URLSearchParams): VectorStoreFile[] {
  const wanted = query.get('filter');
  return wanted ? files.filter((file) => file.status === wanted) : files;
}

interface ContentPage {
  object: 'vector_store.file_content.page';
  data: FileContentResponse[];
  has_more: boolean;
  next_page: string | null;
}

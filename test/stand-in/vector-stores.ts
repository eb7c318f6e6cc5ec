import type {
  VectorStore,
  VectorStoreCreateParams,
  VectorStoreDeleted,
  VectorStoreSearchParams,
  VectorStoreSearchResponse,
  VectorStoreUpdateParams,
} from 'openai/resources/vector-stores/vector-stores';

import { missing } from './api-error.ts';
import type { Call } from './call.ts';
import { paginate, type Page } from './list.ts';
import type { Mint } from './mint.ts';
import { json, type Reply } from './reply.ts';
import type { Route } from './router.ts';
import type { VectorStoreState } from './vector-store-state.ts';

export function vectorStoreRoutes(state: VectorStoreState): Route[] {
  const find = (call: Call) => state.find(call.params['vector_store_id']);
  return [
    { method: 'POST', path: '/vector_stores', handle: (call) => create(state, call) },
    {
      method: 'GET',
      path: '/vector_stores',
      handle: ({ query }) => json<Page<VectorStore>>(paginate(state.all(), query)),
    },
    {
      method: 'GET',
      path: '/vector_stores/{vector_store_id}',
      handle: (call) => json<VectorStore>(state.view(find(call))),
    },
    {
      method: 'POST',
      path: '/vector_stores/{vector_store_id}',
      handle(call) {
        const entry = find(call);
        const { name, metadata, expires_after } = call.json<VectorStoreUpdateParams>();
        if (name !== undefined) entry.store.name = name ?? '';
        if (metadata !== undefined) entry.store.metadata = metadata;
        if (expires_after) entry.store.expires_after = expires_after;
        return json<VectorStore>(state.view(entry));
      },
    },
    {
      method: 'DELETE',
      path: '/vector_stores/{vector_store_id}',
      handle(call) {
        const { id } = find(call).store;
        state.delete(id);
        return json<VectorStoreDeleted>({ id, object: 'vector_store.deleted', deleted: true });
      },
    },
    {
      method: 'POST',
      path: '/vector_stores/{vector_store_id}/search',
      handle: (call) => search(state, call),
    },
  ];
}

function create(state: VectorStoreState, call: Call): Reply {
  const body = call.json<VectorStoreCreateParams>();
  const entry = state.add(openVectorStore(body, call.mint));
  const { chunking_strategy } = body;
  for (const file_id of body.file_ids ?? []) {
    state.addFile(entry, { file_id, ...(chunking_strategy ? { chunking_strategy } : {}) }, call.mint);
  }
  return json<VectorStore>(state.view(entry));
}

/** A store without files. */
export function openVectorStore(body: VectorStoreCreateParams, mint: Mint): VectorStore {
  const createdAt = mint.seconds();
  const days = body.expires_after?.days;
  return {
    id: mint.id('vs_', 32),
    object: 'vector_store',
    created_at: createdAt,
    name: body.name ?? '',
    usage_bytes: 0,
    file_counts: { in_progress: 0, completed: 0, failed: 0, cancelled: 0, total: 0 },
    status: 'completed',
    ...(body.expires_after ? { expires_after: body.expires_after } : {}),
    expires_at: days === undefined ? null : createdAt + days * 86_400,
    last_active_at: createdAt,
    metadata: body.metadata ?? {},
  };
}

interface SearchPage {
  object: 'vector_store.search_results.page';
  search_query: string[];
  data: VectorStoreSearchResponse[];
  has_more: boolean;
  next_page: string | null;
}

function search(state: VectorStoreState, call: Call): Reply {
  const { store, files } = state.find(call.params['vector_store_id']);
  const body = call.json<VectorStoreSearchParams>();
  if (body.query === undefined) throw missing('query');
  const queries = [body.query].flat();
  const hits = state.search([store.id], queries.join(' '), body.max_num_results ?? 10);
  const threshold = body.ranking_options?.score_threshold ?? 0;
  return json<SearchPage>({
    object: 'vector_store.search_results.page',
    search_query: queries,
    data: hits
      .filter((hit) => hit.score >= threshold)
      .map((hit) => ({
        file_id: hit.fileId,
        filename: hit.filename,
        score: hit.score,
        attributes: files.get(hit.fileId)?.file.attributes ?? {},
        content: [{ type: 'text', text: hit.text }],
      })),
    has_more: false,
    next_page: null,
  });
}

import type { VectorStoreFileBatch } from 'openai/resources/vector-stores/file-batches';
import type { VectorStoreFile } from 'openai/resources/vector-stores/files';
import type {
  FileChunkingStrategyParam,
  StaticFileChunkingStrategy,
  VectorStore,
} from 'openai/resources/vector-stores/vector-stores';

import { ApiError } from './api-error.ts';
import type { FileStore } from './files.ts';
import type { Mint } from './mint.ts';
import { searchPassages, type SearchablePassage, type SearchHit } from './search.ts';

/** A vector store, its files and batches; how far their processing is follows from the time. */
interface VectorStoreEntry {
  store: VectorStore;
  files: Map<string, FileEntry>;
  batches: Map<string, BatchEntry>;
}

interface FileEntry {
  file: VectorStoreFile;
  doneAtMs: number;
  cancelled: boolean;
  batchId?: string;
}

export interface BatchEntry {
  id: string;
  createdAt: number;
  cancelled: boolean;
}

/** How a file is to be added. */
export interface FileRequest {
  file_id: string;
  attributes?: VectorStoreFile['attributes'];
  chunking_strategy?: FileChunkingStrategyParam;
}

export interface VectorStoreState {
  all(): VectorStore[];
  add(store: VectorStore): VectorStoreEntry;
  delete(id: string): void;
  find(id: string | undefined): VectorStoreEntry;
  view(entry: VectorStoreEntry): VectorStore;
  addFile(entry: VectorStoreEntry, request: FileRequest, mint: Mint, batchId?: string): VectorStoreFile;
  viewFile(entry: FileEntry): VectorStoreFile;
  viewBatch(entry: VectorStoreEntry, batch: BatchEntry): VectorStoreFileBatch;
  search(storeIds: string[], query: string, maxResults: number): SearchHit[];
}

export function createVectorStoreState(
  files: FileStore,
  nowMs: () => number,
  workMs: number,
): VectorStoreState {
  const entries = new Map<string, VectorStoreEntry>();

  function find(id = ''): VectorStoreEntry {
    const entry = entries.get(id);
    if (!entry) throw new ApiError(404, `Vector store with id '${id}' not found.`);
    return entry;
  }

  function viewFile({ file, doneAtMs, cancelled }: FileEntry): VectorStoreFile {
    if (cancelled) return { ...file, status: 'cancelled' };
    if (nowMs() < doneAtMs) return { ...file, status: 'in_progress', usage_bytes: 0 };
    return { ...file, status: 'completed' };
  }

  function view(entry: VectorStoreEntry): VectorStore {
    const viewed = [...entry.files.values()].map(viewFile);
    const file_counts = countByStatus(viewed);
    return {
      ...entry.store,
      usage_bytes: viewed.reduce((sum, file) => sum + file.usage_bytes, 0),
      status: file_counts.in_progress > 0 ? 'in_progress' : 'completed',
      file_counts,
    };
  }

  return {
    find,
    view,
    viewFile,
    all: () => [...entries.values()].map(view),
    add(store) {
      const entry: VectorStoreEntry = { store, files: new Map(), batches: new Map() };
      entries.set(store.id, entry);
      return entry;
    },
    delete: (id) => void entries.delete(id),
    addFile(entry, request, mint, batchId) {
      const { id, bytes } = files.find(request.file_id);
      const file: VectorStoreFile = {
        id,
        object: 'vector_store.file',
        created_at: mint.seconds(),
        vector_store_id: entry.store.id,
        status: 'in_progress',
        last_error: null,
        usage_bytes: bytes,
        attributes: request.attributes ?? {},
        chunking_strategy: { type: 'static', static: chunking(request.chunking_strategy) },
      };
      const added: FileEntry = { file, doneAtMs: nowMs() + workMs, cancelled: false };
      if (batchId) added.batchId = batchId;
      entry.files.set(id, added);
      return viewFile(added);
    },
    viewBatch(entry, batch) {
      const members = [...entry.files.values()].filter(({ batchId }) => batchId === batch.id);
      const file_counts = countByStatus(members.map(viewFile));
      return {
        id: batch.id,
        object: 'vector_store.files_batch',
        created_at: batch.createdAt,
        vector_store_id: entry.store.id,
        status: batch.cancelled ? 'cancelled' : file_counts.in_progress > 0 ? 'in_progress' : 'completed',
        file_counts,
      };
    },
    search(storeIds, query, maxResults) {
      const passages = storeIds.flatMap((id) =>
        [...find(id).files.values()].flatMap(({ file }) => passagesOf(files, file.id)),
      );
      return searchPassages(passages, query, maxResults);
    },
  };
}

/** The text of a file in passages of about 1,000 characters, cut at line ends where there are any. */
export function passagesOf(files: FileStore, fileId: string): SearchablePassage[] {
  const { filename } = files.find(fileId);
  const text = files.text(fileId) ?? '';
  return (text.match(/[\s\S]{1,1000}(?:\n|$)|[\s\S]{1,1000}/g) ?? []).map((passage) => ({
    fileId,
    filename,
    text: passage,
  }));
}

function chunking(asked: FileChunkingStrategyParam | undefined): StaticFileChunkingStrategy {
  if (asked?.type === 'static') return asked.static;
  return { max_chunk_size_tokens: 800, chunk_overlap_tokens: 400 };
}

function countByStatus(files: VectorStoreFile[]): VectorStore.FileCounts {
  const counts = { in_progress: 0, completed: 0, failed: 0, cancelled: 0, total: files.length };
  for (const { status } of files) counts[status]++;
  return counts;
}

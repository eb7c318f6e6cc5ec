import Type from 'typebox';

import { noSuch, type ObjectKind } from '../no-such.ts';
import { object, optional } from '../params/fields.ts';
import { readParams } from '../params/read-params.ts';
import { runIn, threadIn } from '../store/parse-record.ts';
import type { AssistantStore, Document, DocumentPage, PageRequest, Partition } from '../store/store.ts';
import type { Page } from '../wire.ts';

const pageParams = object({
  limit: optional(Type.Integer({ minimum: 1, maximum: 100 })),
  order: optional(Type.Enum(['asc', 'desc'])),
});

/** Reads `limit`, `order`, `after` and `before`, which every list of the API takes. Throws the API's errors. */
export function readPageRequest(query: URLSearchParams): PageRequest {
  const limit = query.get('limit');
  const { limit: count = 20, order = 'desc' } = readParams(pageParams, {
    limit: limit !== null && /^-?\d{1,15}$/.test(limit) ? Number(limit) : limit,
    order: query.get('order'),
  });
  const after = query.get('after');
  const before = query.get('before');
  return { limit: count, order, ...(after ? { after } : {}), ...(before ? { before } : {}) };
}

/** One list, what is in it, and what must be there for it to be asked. */
export interface ListSource {
  readonly partition: Partition;
  readonly list: string;
  readonly kind: ObjectKind;
  readonly threadId?: string;
  readonly runId?: string;
}

/** Rejects with `no_such_object` if thread or run aren't there, or a cursor names nothing in the list. */
export async function readList<Item extends { readonly id: string }>(
  store: AssistantStore,
  { partition, list, kind, threadId, runId }: ListSource,
  request: PageRequest,
  toItem: (document: Document) => Item,
): Promise<Page<Item>> {
  const owners = [threadId, runId].filter((id) => id !== undefined);
  const [page, [thread, run]] = await Promise.all([
    store.list(partition, list, request),
    owners.length > 0 ? store.get(partition, owners) : [],
  ]);
  if (threadId !== undefined && !threadIn(thread)) throw noSuch('thread', threadId);
  if (runId !== undefined && !runIn(run)) throw noSuch('run', runId);
  if (!page) throw noSuch(kind, await unknownCursor(store, partition, request));
  return toPage(page, toItem);
}

function toPage<Item extends { readonly id: string }>(
  { documents, hasMore }: DocumentPage,
  toItem: (document: Document) => Item,
): Page<Item> {
  const data = documents.map(toItem);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: hasMore,
  };
}

/** Of two cursors the one to name. One that is there all the same is of another list. */
async function unknownCursor(
  store: AssistantStore,
  partition: Partition,
  { after, before }: PageRequest,
): Promise<string> {
  const cursors = [after, before].filter((cursor) => cursor !== undefined);
  const documents = await store.get(partition, cursors);
  return cursors.find((_, index) => !documents[index]) ?? cursors[0] ?? '';
}

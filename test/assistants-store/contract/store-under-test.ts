import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';

import { sealStore } from '../../../src/assistants/store/sealed-store.ts';
import type {
  AssistantStore,
  Document,
  PageRequest,
  Partition,
} from '../../../src/assistants/store/store.ts';
import { parseKeyring } from '../../../src/sealing/keyring.ts';

export interface StoreUnderTest {
  readonly store: AssistantStore;
  /** What another pod has, on the same documents and work. */
  another(): Promise<AssistantStore>;
  /** Moves the store's clock on. */
  advance(ms: number): Promise<void>;
}

export type OpenStore = (test: TestContext) => Promise<StoreUnderTest>;

/** The same behind a seal, with a key of its own for each test. */
export function sealed(open: OpenStore): OpenStore {
  return async (test) => {
    const under = await open(test);
    const keyring = parseKeyring(`k1:${randomBytes(32).toString('base64')}`, 'test');
    const seal = (store: AssistantStore) => sealStore(store, () => keyring);
    return { ...under, store: seal(under.store), another: async () => seal(await under.another()) };
  };
}

export const org = 'acme';
export const thread: Partition = { org, name: 'thread_1' };
export const secondMs = 1000;
export const minuteMs = 60_000;

/** Creates documents, each with its id for a body, in this order. */
export async function create(
  store: AssistantStore,
  ids: readonly string[],
  lists: readonly string[] = ['messages'],
  partition: Partition = thread,
): Promise<void> {
  const puts = ids.map((id) => ({ id, body: id, lists }));
  assert.deepEqual(await store.commit(partition, { puts }), { done: true });
}

export async function bodyOf(
  store: AssistantStore,
  id: string,
  partition: Partition = thread,
): Promise<string | undefined> {
  return (await store.get(partition, [id]))[0]?.body;
}

/** The ids of a page, with a `…` behind them if there are more; undefined for a cursor that is none. */
export async function idsOf(
  store: AssistantStore,
  request: Partial<PageRequest> = {},
  list = 'messages',
  partition: Partition = thread,
): Promise<string[] | undefined> {
  const page = await store.list(partition, list, { limit: 100, order: 'asc', ...request });
  return page && [...page.documents.map(({ id }) => id), ...(page.hasMore ? ['…'] : [])];
}

export function isDocument(id: string, version: number, body: string): Document {
  return { id, version, body };
}

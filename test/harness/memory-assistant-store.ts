import type {
  AssistantStore,
  Commit,
  Condition,
  Document,
  DocumentPage,
  PageRequest,
  Partition,
} from '../../src/assistants/store/store.ts';
import { StoreUnavailable } from '../../src/store-unavailable.ts';

/** A store that forgets all of it with the process; it keeps every promise of the port but that one. */
export function createMemoryAssistantStore(nowMs: () => number = Date.now): AssistantStore {
  const partitions = new Map<string, Content>();
  const works = new Map<string, Work>();

  let isClosed = false;
  const checkOpen = () => {
    if (isClosed) throw new StoreUnavailable('it was closed', { mayHaveHappened: false });
  };
  const contentOf = (partition: Partition) => partitions.get(keyOf(partition.org, partition.name));
  const workKey = (org: string, work: string) => keyOf(org, work);

  return {
    async get(partition, ids) {
      checkOpen();
      const documents = contentOf(partition)?.documents;
      return ids.map((id) => documents?.get(id));
    },

    async commit(partition, commit) {
      checkOpen();
      const key = keyOf(partition.org, partition.name);
      const content = partitions.get(key) ?? { documents: new Map(), lists: new Map() };
      const failed = (commit.conditions ?? []).filter((condition) => !holds(content, condition));
      if (failed.length > 0) return { done: false, failed: failed.map(({ id }) => id) };
      apply(content, commit);
      if (content.documents.size > 0) partitions.set(key, content);
      else partitions.delete(key);
      return { done: true };
    },

    async list(partition, list, page) {
      checkOpen();
      const content = contentOf(partition);
      const ids = [...(content?.lists.get(list) ?? [])];
      const documents = ids.map((id) => content!.documents.get(id)!);
      return cut(documents, page);
    },

    async drop(partition) {
      checkOpen();
      return partitions.delete(keyOf(partition.org, partition.name));
    },

    async schedule(org, work, dueInMs) {
      checkOpen();
      const known = works.get(workKey(org, work));
      works.set(workKey(org, work), {
        org,
        work,
        dueAtMs: nowMs() + dueInMs,
        isCalled: known?.isCalled ?? false,
      });
    },

    async claim(org, leaseMs, limit) {
      checkOpen();
      const due = [...works.values()]
        .filter((one) => one.org === org && one.dueAtMs <= nowMs())
        .toSorted((a, b) => a.dueAtMs - b.dueAtMs)
        .slice(0, limit);
      for (const one of due) one.dueAtMs = nowMs() + leaseMs;
      return due.map(({ work }) => work);
    },

    async renew(org, renewed, leaseMs) {
      checkOpen();
      const alive = renewed.map((work) => works.get(workKey(org, work))).filter((one) => one !== undefined);
      for (const one of alive) one.dueAtMs = nowMs() + leaseMs;
      const called = alive.filter(({ isCalled }) => isCalled);
      for (const one of called) one.isCalled = false;
      return called.map(({ work }) => work);
    },

    async call(org, work) {
      checkOpen();
      const known = works.get(workKey(org, work));
      if (known) known.isCalled = true;
    },

    async finish(org, work) {
      checkOpen();
      works.delete(workKey(org, work));
    },

    async close() {
      isClosed = true;
    },
  };
}

interface Content {
  readonly documents: Map<string, Document>;
  /** Ids in the order of their creation. */
  readonly lists: Map<string, Set<string>>;
}

interface Work {
  readonly org: string;
  readonly work: string;
  dueAtMs: number;
  isCalled: boolean;
}

function keyOf(...names: readonly string[]): string {
  return JSON.stringify(names);
}

function holds({ documents }: Content, { id, is }: Condition): boolean {
  const found = documents.get(id);
  if (is === 'absent') return !found;
  return is === 'present' ? found !== undefined : found?.version === is;
}

function apply({ documents, lists }: Content, { puts = [], deletes = [] }: Commit): void {
  for (const { id, body, lists: joined = [] } of puts) {
    const before = documents.get(id);
    documents.set(id, { id, version: (before?.version ?? 0) + 1, body });
    if (before) continue;
    for (const list of joined) lists.set(list, (lists.get(list) ?? new Set()).add(id));
  }
  for (const id of deletes) {
    documents.delete(id);
    for (const members of lists.values()) members.delete(id);
  }
}

/** @param documents the oldest first */
function cut(
  documents: readonly Document[],
  { limit, order, after, before }: PageRequest,
): DocumentPage | undefined {
  const ordered = order === 'asc' ? documents : documents.toReversed();
  const [from, to] = [after, before].map((cursor) => ordered.findIndex(({ id }) => id === cursor));
  if ((after !== undefined && from === -1) || (before !== undefined && to === -1)) return undefined;
  const range = ordered.slice(from! + 1, before === undefined ? undefined : to);
  const isEndWanted = before !== undefined && after === undefined;
  const page = isEndWanted ? range.slice(-limit) : range.slice(0, limit);
  return { documents: page, hasMore: page.length < range.length };
}

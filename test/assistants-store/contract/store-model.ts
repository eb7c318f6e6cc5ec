import type {
  Commit,
  Committed,
  Document,
  DocumentPage,
  PageRequest,
} from '../../../src/assistants/store/store.ts';

interface Known {
  readonly version: number;
  readonly body: string;
}

/** What a partition must do, said as plainly as can be: everything is looked through, nothing is kept in order. */
export function createPartitionModel() {
  const documents = new Map<string, Known>();
  const lists = new Map<string, string[]>();
  const documentOf = (id: string): Document | undefined => {
    const known = documents.get(id);
    return known && { id, ...known };
  };

  return {
    get: (ids: readonly string[]) => ids.map(documentOf),
    commit({ conditions = [], puts = [], deletes = [] }: Commit): Committed {
      const failed = conditions.filter(({ id, is }) => {
        const version = documents.get(id)?.version;
        if (is === 'absent') return version !== undefined;
        return is === 'present' ? version === undefined : version !== is;
      });
      if (failed.length > 0) return { done: false, failed: failed.map(({ id }) => id) };
      for (const { id, body, lists: joined = [] } of puts) {
        const version = (documents.get(id)?.version ?? 0) + 1;
        if (version === 1) {
          for (const list of new Set(joined)) lists.set(list, [...(lists.get(list) ?? []), id]);
        }
        documents.set(id, { version, body });
      }
      for (const id of deletes) {
        documents.delete(id);
        for (const [list, ids] of lists)
          lists.set(
            list,
            ids.filter((each) => each !== id),
          );
      }
      return { done: true };
    },
    list(list: string, { limit, order, after, before }: PageRequest): DocumentPage | undefined {
      const ids = [...(lists.get(list) ?? [])];
      if (order === 'desc') ids.reverse();
      for (const cursor of [after, before]) {
        if (cursor !== undefined && !ids.includes(cursor)) return undefined;
      }
      const from = after === undefined ? 0 : ids.indexOf(after) + 1;
      const to = before === undefined ? ids.length : ids.indexOf(before);
      const between = ids.slice(from, Math.max(from, to));
      const isLast = before !== undefined && after === undefined;
      const page = isLast ? between.slice(Math.max(0, between.length - limit)) : between.slice(0, limit);
      return { documents: page.map((id) => documentOf(id)!), hasMore: page.length < between.length };
    },
    drop(): boolean {
      const wasThere = documents.size > 0;
      documents.clear();
      lists.clear();
      return wasThere;
    },
  };
}

interface Work {
  dueMinute: number;
  isCalled: boolean;
}

/** The same of an organisation's work, by a clock of whole minutes. */
export function createWorkModel() {
  const works = new Map<string, Work>();
  let minute = 0;
  return {
    advance(minutes: number): void {
      minute += minutes;
    },
    schedule(name: string, inMinutes: number): void {
      works.set(name, { isCalled: works.get(name)?.isCalled ?? false, dueMinute: minute + inMinutes });
    },
    /** When what may be claimed was due, in order. What is due in one minute may come in any order. */
    dueMinutes: (limit: number): number[] =>
      [...works.values()]
        .map(({ dueMinute }) => dueMinute)
        .filter((dueMinute) => dueMinute <= minute)
        .sort((a, b) => a - b)
        .slice(0, limit),
    dueMinuteOf: (name: string): number | undefined => works.get(name)?.dueMinute,
    lease(name: string, minutes: number): void {
      const work = works.get(name);
      if (work !== undefined) work.dueMinute = minute + minutes;
    },
    /** Whether it was called for. */
    renew(name: string, minutes: number): boolean {
      const work = works.get(name);
      if (work === undefined) return false;
      work.dueMinute = minute + minutes;
      const { isCalled } = work;
      work.isCalled = false;
      return isCalled;
    },
    call(name: string): void {
      const work = works.get(name);
      if (work !== undefined) work.isCalled = true;
    },
    finish: (name: string): void => void works.delete(name),
  };
}

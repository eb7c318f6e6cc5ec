import type { AssistantStore, Commit, PageRequest, Partition } from '../assistants/store/store.ts';
import { encodeName, partitionKeys, workKeys } from './key-names.ts';
import { garbage } from './reply-reader.ts';
import { createScriptClient, type ScriptClientOptions } from './script-client.ts';
import { readDocuments, readPresentDocuments, readTexts } from './store-replies.ts';

export interface RedisAssistantStoreOptions extends ScriptClientOptions {
  /** As for decisions; contents get two seconds at least. */
  readonly timeoutMs: number;
  /** What all keys begin with, and a colon. */
  readonly keyPrefix: string;
}

/** A large body takes longer than a decision may. */
const minTimeoutMs = 2000;

/**
 * Documents and work in Redis: each method is one script, and so one atomic step on the one server that has all
 * keys of the partition, or all work of the organisation. Its connection is its own, because the ledger's
 * decisions would wait behind large bodies. Throws on a malformed URL; connects in the background, again and again.
 */
export function createRedisAssistantStore(options: RedisAssistantStoreOptions): AssistantStore {
  const { keyPrefix } = options;
  const timeoutMs = Math.max(options.timeoutMs, minTimeoutMs);
  const { ask, askFor, close } = createScriptClient({ ...options, timeoutMs });
  const keysOf = (partition: Partition) => partitionKeys(keyPrefix, partition);
  const workOf = (org: string) => workKeys(keyPrefix, org);

  return {
    get: (partition, ids) =>
      askFor('documents', 'documents-get', { keys: keysOf(partition).slice(0, 2), args: ids }, (rest) => {
        const documents = readDocuments(rest);
        if (documents.length !== ids.length) throw garbage();
        return documents;
      }),
    commit: (partition, commit) =>
      ask('documents-commit', { keys: keysOf(partition), args: commitArgs(commit) }, (kind, rest) => {
        if (kind === 'done') return { done: true };
        if (kind !== 'failed' || rest.length === 0) throw garbage();
        return { done: false, failed: readTexts(rest) };
      }),
    list: (partition, list, page) =>
      ask('documents-list', { keys: keysOf(partition), args: pageArgs(list, page) }, (kind, rest) => {
        if (kind === 'unknown') return undefined;
        if (kind !== 'page') throw garbage();
        const [hasMore, ...documents] = rest;
        return { documents: readPresentDocuments(documents), hasMore: `${hasMore}` === '1' };
      }),
    drop: (partition) =>
      ask('documents-drop', { keys: keysOf(partition), args: [] }, (kind) => {
        if (kind !== 'dropped' && kind !== 'nothing') throw garbage();
        return kind === 'dropped';
      }),
    schedule: (org, work, dueInMs) => {
      const question = { keys: workOf(org).slice(0, 1), args: [work, dueInMs] };
      return askFor('scheduled', 'assistant-schedule', question, () => {});
    },
    claim: (org, leaseMs, limit) => {
      const question = { keys: workOf(org).slice(0, 1), args: [leaseMs, limit] };
      return askFor('claimed', 'assistant-claim', question, readTexts);
    },
    renew: (org, works, leaseMs) =>
      askFor('renewed', 'assistant-renew', { keys: workOf(org), args: [leaseMs, ...works] }, readTexts),
    call: (org, work) => askFor('called', 'assistant-call', { keys: workOf(org), args: [work] }, () => {}),
    finish: (org, work) =>
      askFor('finished', 'assistant-finish', { keys: workOf(org), args: [work] }, () => {}),
    close,
  };
}

/** As `lua/documents-commit.lua` reads it. */
function commitArgs({ conditions = [], puts = [], deletes = [] }: Commit): (string | number)[] {
  const args: (string | number)[] = [conditions.length];
  for (const { id, is } of conditions) args.push(id, is);
  args.push(puts.length);
  for (const { id, body, lists = [] } of puts) args.push(id, body, lists.length, ...lists.map(encodeName));
  return [...args, ...deletes];
}

/** As `lua/documents-list.lua` reads it. */
function pageArgs(list: string, { limit, order, after, before }: PageRequest): (string | number)[] {
  const cursor = (id: string | undefined) => (id === undefined ? '' : `=${id}`);
  return [encodeName(list), order, limit, cursor(after), cursor(before)];
}

import { setTimeout as sleep } from 'node:timers/promises';

import type { AssistantStore, Commit, PageRequest, Partition } from '../assistants/store/store.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { connect } from './connect.ts';
import { inTime } from './in-time.ts';
import { encodeName, partitionKeys, workKeys } from './key-names.ts';
import { createReadiness } from './readiness.ts';
import { garbage } from './reply-reader.ts';
import { createScripts, type Question, type ScriptName } from './scripts.ts';
import { readDocuments, readPresentDocuments, readTexts } from './store-replies.ts';

export interface RedisAssistantStoreOptions {
  /** See `parseRedisUrl`. */
  readonly url: string;
  /** As for decisions; contents get two seconds at least. Every method answers or rejects within that time. */
  readonly timeoutMs: number;
  /** What all keys begin with, and a colon. */
  readonly keyPrefix: string;
  /** Told why there is no connection; what fails for lack of one is rejected besides. */
  onError(error: Error): void;
}

/** A large body takes longer than a decision may. */
const minTimeoutMs = 2000;

/**
 * Documents and work in Redis: each method is one script, and so one atomic step on the one server that has all
 * keys of the partition, or all work of the organisation. Its connection is its own, because the ledger's
 * decisions would wait behind large bodies. Throws on a malformed URL; connects in the background, again and again.
 */
export function createRedisAssistantStore(options: RedisAssistantStoreOptions): AssistantStore {
  const { url, keyPrefix, onError } = options;
  const timeoutMs = Math.max(options.timeoutMs, minTimeoutMs);
  const client = connect(url, { timeoutMs, onError });
  const ready = createReadiness(client);
  const run = createScripts(client);
  let isClosed = false;

  /** Reads what the script answered: the kind of its answer, and the texts behind it. */
  function ask<Result>(
    script: ScriptName,
    question: Question,
    read: (kind: string, rest: readonly unknown[]) => Result,
  ): Promise<Result> {
    return inTime(timeoutMs, async (isInTime) => {
      if (isClosed) throw new StoreUnavailable('it was closed', { mayHaveHappened: false });
      await ready();
      // Whoever asked has been told that there was no answer.
      if (!isInTime()) throw new Error('the connection came too late');
      const reply: unknown = await run(script, question);
      if (!Array.isArray(reply)) throw garbage();
      const [kind, ...rest] = reply as readonly unknown[];
      return read(`${kind}`, rest);
    });
  }

  /** Of a script that answers in one way only. */
  function askFor<Result>(
    onlyKind: string,
    script: ScriptName,
    question: Question,
    read: (rest: readonly unknown[]) => Result,
  ): Promise<Result> {
    return ask(script, question, (kind, rest) => {
      if (kind !== onlyKind) throw garbage();
      return read(rest);
    });
  }

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
    close: async () => {
      isClosed = true;
      // What was sent is answered first, but not waited for longer than its callers do.
      await Promise.race([client.quit().catch(() => {}), sleep(timeoutMs, undefined, { ref: false })]);
      client.disconnect();
    },
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

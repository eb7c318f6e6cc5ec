import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { Cluster, Redis } from 'ioredis';

/** What each script is put together from. */
const parts = {
  admit: ['shared', 'cells', 'rates', 'queues', 'admit'],
  settle: ['shared', 'cells', 'rates', 'holds', 'settle'],
  renew: ['shared', 'holds', 'places', 'renew'],
  defer: ['shared', 'holds', 'places', 'defer'],
  'claim-due': ['shared', 'holds', 'places', 'claim-due'],
  'leave-queue': ['shared', 'queues', 'leave-queue'],
  windows: ['shared', 'cells', 'indexed', 'windows'],
  reset: ['shared', 'cells', 'indexed', 'reset'],
  'documents-get': ['documents', 'documents-get'],
  'documents-commit': ['documents', 'documents-commit'],
  'documents-list': ['documents', 'documents-list'],
  'documents-drop': ['documents-drop'],
  'assistant-schedule': ['assistant-work', 'assistant-schedule'],
  'assistant-claim': ['assistant-work', 'assistant-claim'],
  'assistant-renew': ['assistant-work', 'assistant-renew'],
  'assistant-call': ['assistant-work', 'assistant-call'],
  'assistant-finish': ['assistant-work', 'assistant-finish'],
  'upstream-limits': ['upstream-limits'],
  'answer-begin': ['answers', 'answer-begin'],
  'answer-renew': ['answers', 'answer-renew'],
  'answer-keep': ['answers', 'answer-keep'],
  'answer-release': ['answers', 'answer-release'],
  'vault-begin': ['vault', 'vault-begin'],
  'vault-name': ['vault', 'vault-name'],
  'vault-read': ['vault', 'vault-read'],
  'vault-join': ['vault', 'vault-join'],
} as const;

export type ScriptName = keyof typeof parts;

/** What a script is asked: see its header. */
export interface Question {
  readonly keys: readonly string[];
  readonly args: readonly (string | number | Buffer)[];
}

/** Runs a script on the server that has its keys' slot, and resolves to what it answered, texts as bytes. */
export type RunScript = (name: ScriptName, question: Question) => Promise<unknown>;

/**
 * Scripts are sent by their digest, and in full only to a server that doesn't know them (any more). Without a
 * connection they fail at once.
 */
export function createScripts(client: Redis | Cluster): RunScript {
  const scripts = new Map(
    (Object.keys(parts) as ScriptName[]).map((name) => {
      const text = scriptText(name);
      return [name, { text, sha: createHash('sha1').update(text).digest('hex') }];
    }),
  );
  return async (name, { keys, args }) => {
    if (client.status !== 'ready') throw new Error('there is no connection');
    const { text, sha } = scripts.get(name)!;
    try {
      return await client.callBuffer('evalsha', sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return client.callBuffer('eval', text, keys.length, ...keys, ...args);
    }
  };
}

/** As it is sent. */
export function scriptText(name: ScriptName): string {
  return parts[name].map(readLua).join('\n');
}

function readLua(name: string): string {
  return readFileSync(new URL(`lua/${name}.lua`, import.meta.url), 'utf8');
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { Cluster, Redis } from 'ioredis';

/** What each script is put together from, behind `shared.lua`. */
const parts = {
  admit: ['cells', 'rates', 'queues', 'admit'],
  settle: ['cells', 'rates', 'holds', 'settle'],
  renew: ['holds', 'places', 'renew'],
  defer: ['holds', 'places', 'defer'],
  'claim-due': ['holds', 'places', 'claim-due'],
  'leave-queue': ['queues', 'leave-queue'],
  windows: ['cells', 'indexed', 'windows'],
  reset: ['cells', 'indexed', 'reset'],
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
  return ['shared', ...parts[name]].map(readLua).join('\n');
}

function readLua(name: string): string {
  return readFileSync(new URL(`lua/${name}.lua`, import.meta.url), 'utf8');
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { Cluster, Redis } from 'ioredis';

const names = ['admit', 'settle', 'renew', 'defer', 'claim-due', 'leave-queue', 'windows', 'reset'] as const;

export type ScriptName = (typeof names)[number];
export type ScriptArgument = string | number;

/** Runs a script on what keys with this beginning hold, and resolves to what it answered. */
export type RunScript = (name: ScriptName, base: string, args: readonly ScriptArgument[]) => Promise<unknown>;

/**
 * Scripts are sent by their digest, and in full only to a server that doesn't know them (any more). Without a
 * connection they fail at once.
 */
export function createScripts(client: Redis | Cluster): RunScript {
  const shared = readLua('shared');
  const scripts = new Map(
    names.map((name) => {
      const text = `${shared}\n${readLua(name)}`;
      return [name, { text, sha: createHash('sha1').update(text).digest('hex') }];
    }),
  );
  return async (name, base, args) => {
    if (client.status !== 'ready') throw new Error('there is no connection');
    const { text, sha } = scripts.get(name)!;
    try {
      return await client.evalsha(sha, 2, `${base}h`, `${base}i`, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return client.eval(text, 2, `${base}h`, `${base}i`, ...args);
    }
  };
}

function readLua(name: string): string {
  return readFileSync(new URL(`lua/${name}.lua`, import.meta.url), 'utf8');
}

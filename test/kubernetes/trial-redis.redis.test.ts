import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { parseAllDocuments } from 'yaml';

import { startRedis } from '../harness/redis.ts';

test('the Redis for trials starts with the arguments of its manifest, keeps what it acknowledged when it is killed, and forgets nothing when it is full', async (t) => {
  const file = join(import.meta.dirname, '../../examples/kubernetes/redis.yaml');
  const args = parseAllDocuments(readFileSync(file, 'utf8')).flatMap((document) => {
    const { kind, spec } = document.toJS() as { kind: string; spec: unknown };
    if (kind !== 'StatefulSet') return [];
    return (spec as { template: { spec: { containers: { args: string[] }[] } } }).template.spec.containers[0]!
      .args;
  });
  const folder = args.indexOf('--dir');
  assert.equal(args[folder + 1], '/data');
  // Of the test's own folder and on the loopback, where nothing else is changed.
  const redis = await startRedis(t, { args: args.toSpliced(folder, 2) });
  await redis.client.set('thread', 'kept');
  await redis.kill();
  await redis.restart();
  assert.equal(await redis.client.get('thread'), 'kept');
  assert.deepEqual(await redis.client.config('GET', 'maxmemory-policy'), ['maxmemory-policy', 'noeviction']);
});

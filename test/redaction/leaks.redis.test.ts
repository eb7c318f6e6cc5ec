import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { startRedis } from '../harness/redis.ts';
import { searchForLeaks } from './leak-search.ts';

for (const mode of ['mask', 'pseudonymize'] as const) {
  test(`personal data in every field of every operation is found nowhere (${mode}, in Redis)`, async (t) => {
    const redis = await startRedis(t, { args: ['--rdbcompression', 'no'] });
    const stateDir = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
    t.after(() => rmSync(stateDir, { recursive: true }));
    await searchForLeaks(t, mode, {
      yaml: `redisUrl: "${redis.url}", stateDir: ${stateDir}`,
      stateDir,
      async content() {
        await redis.client.save();
        const [, dir] = (await redis.client.config('GET', 'dir')) as [string, string];
        return readFileSync(join(dir, 'dump.rdb'), 'latin1');
      },
    });
  });
}

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

/**
 * Far below what the bench aims at, because this machine may be busy with anything; it still catches a hot path
 * that got several times slower. `npm run bench` measures in earnest.
 */
const floor = '0.4';

test('the bench runs, and the sidecar keeps a fair share of a bare proxy’s throughput', async (t) => {
  const script = join(import.meta.dirname, '../../bench/bench.ts');
  const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
    execFile(process.execPath, [script, '--quick', '--floor', floor], (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    );
  });
  t.diagnostic(output);
  assert.equal(code, 0, output);
  assert.equal(output.match(/^sidecar +\d+ +\d\.\d\d/gm)?.length, 2, output);
});

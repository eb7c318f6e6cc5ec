import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

/**
 * Far below what the bench aims at, because this machine may be busy with anything; it still catches a hot path
 * that got several times slower. `npm run bench` measures in earnest.
 */
const floor = '0.4';

/** As generous: it is between 2 and 4 on a quiet machine. */
const ceiling = '12';

test('the bench runs, and the sidecar keeps a fair share of a bare proxy’s throughput', async (t) => {
  const { code, output } = await bench('bench.ts', '--floor', floor);
  t.diagnostic(output);
  assert.equal(code, 0, output);
  assert.equal(output.match(/^sidecar +\d+ +\d\.\d\d/gm)?.length, 2, output);
});

test('metrics and logs do not make a sidecar many times slower', async (t) => {
  const { code, output } = await bench('telemetry.ts', '--floor', floor);
  t.diagnostic(output);
  assert.equal(code, 0, output);
  assert.equal(output.match(/^metrics and logs +\d+ +\d\.\d\d/gm)?.length, 2, output);
});

test('a run on the Assistants API is not many times slower than the call that it makes', async (t) => {
  const { code, output } = await bench('assistants.ts', '--ceiling', ceiling);
  t.diagnostic(output);
  assert.equal(code, 0, output);
  assert.equal(output.match(/^run, (?:embedded|Redis) +\d+\.\d\d/gm)?.length, 2, output);
});

function bench(file: string, ...args: string[]): Promise<{ code: number; output: string }> {
  const script = join(import.meta.dirname, '../../bench', file);
  return new Promise((resolve) => {
    execFile(process.execPath, [script, '--quick', ...args], (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    );
  });
}

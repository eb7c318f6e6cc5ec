import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { BudgetReport } from '../../../src/ledger/budget-report.ts';
import { until } from '../../injector/start-injector.ts';
import { filesWith, injectedPod } from './injected-pod.ts';
import { connectTwoPods } from './network.ts';
import { type RunningPod, runPod } from './run-pod.ts';
import { spawnStandInIn } from './stand-in-pod.ts';

const root = join(import.meta.dirname, '../../..');

interface Told {
  readonly whole: number;
  readonly broken: number;
  readonly tokens: number;
  readonly problem: string;
}

async function runStreaming(
  t: TestContext,
  annotations: Record<string, string>,
  ...options: readonly string[]
): Promise<RunningPod> {
  const [network] = await connectTwoPods(t);
  const upstreamPort = await spawnStandInIn(t, network, '--chunk-delay-ms', '40');
  const pod = await runPod(t, network, injectedPod(annotations), {
    files: filesWith(upstreamPort),
    commands: {
      'assistant-proxy': ['src/main.ts'],
      web: ['test/kubernetes/pods/application.ts', ...options],
    },
  });
  await until('it streams', () => pod.container('web').output().includes('"streaming":200'));
  // Into the middle of a stream.
  await sleep(300);
  return pod;
}

function toldBy(pod: RunningPod): Told {
  return JSON.parse(pod.container('web').output().trim().split('\n').at(-1)!) as Told;
}

/** What the sidecar has written down of the team's budget, read by another process when it has ended. */
function budgetOf(pod: RunningPod): BudgetReport {
  const { env } = pod.container('assistant-proxy');
  const output = execFileSync(process.execPath, ['src/main.ts', 'budgets', 'list', '--json'], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    encoding: 'utf8',
  });
  const [budget] = JSON.parse(output) as BudgetReport[];
  return budget!;
}

test('a native sidecar stops when the application has: the stream that runs and a last call are whole, and all they cost is written down', async (t) => {
  const pod = await runStreaming(t, {});
  const ended = await pod.stop();
  assert.deepEqual(ended, ['web', 'assistant-proxy']);
  for (const { name, exitCode } of pod.containers) assert.equal(await exitCode, 0, name);
  const { whole, broken, tokens, problem } = toldBy(pod);
  assert.equal(broken, 0, problem);
  assert.ok(whole >= 2);
  const { used, held, scope } = budgetOf(pod);
  assert.deepEqual({ used, held, scope }, { used: tokens, held: 0, scope: 'team=discovery' });
});

test('an application that ends in the middle of a stream: the sidecar settles what was used of it, and holds nothing when it has ended', async (t) => {
  const pod = await runStreaming(t, {}, '--abandon');
  const ended = await pod.stop();
  assert.deepEqual(ended, ['web', 'assistant-proxy']);
  assert.equal(await pod.container('assistant-proxy').exitCode, 0);
  const { used, held } = budgetOf(pod);
  assert.equal(held, 0);
  assert.ok(used > toldBy(pod).tokens, `${used} tokens`);
});

test('a plain sidecar is told to stop with the application, and goes on serving it meanwhile: no stream is cut', async (t) => {
  const pod = await runStreaming(t, { 'assistant-proxy.io/native': 'false' });
  const ended = await pod.stop();
  assert.deepEqual(ended, ['web', 'assistant-proxy']);
  for (const { name, exitCode } of pod.containers) assert.equal(await exitCode, 0, name);
  const { broken, tokens, problem } = toldBy(pod);
  assert.equal(broken, 0, problem);
  const { used, held } = budgetOf(pod);
  assert.deepEqual({ used, held }, { used: tokens, held: 0 });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createUpstreamHealth } from '../../src/telemetry/upstream-health.ts';

test('attempts, failures and the time until an answer begins are those of the last five minutes', () => {
  let nowMs = 0;
  const health = createUpstreamHealth(() => nowMs);
  for (let sent = 1; sent <= 100; sent += 1) health.attempted('primary', 'well', sent * 10);
  health.attempted('primary', 'failed', undefined);
  health.attempted('primary', 'rateLimited', 5);
  health.attempted('primary', 'left', undefined);
  health.brokeOff('primary');
  const recent = health.recent('primary');
  assert.deepEqual([recent.attempts, recent.failed, recent.rateLimited], [102, 2, 1]);
  assert.ok(Math.abs(recent.medianMs! / 500 - 1) < 0.2, `${recent.medianMs}`);
  assert.ok(Math.abs(recent.p95Ms! / 950 - 1) < 0.2, `${recent.p95Ms}`);
  assert.deepEqual([recent.attemptsByStep.at(-1), recent.failedByStep.at(-1)], [102, 2]);
  nowMs += 301_000;
  const { attempts, medianMs } = health.recent('primary');
  assert.deepEqual([attempts, medianMs], [0, undefined]);
});

test('one upstream says nothing of another', () => {
  const health = createUpstreamHealth(() => 0);
  health.attempted('primary', 'failed', 1);
  assert.equal(health.recent('eu').attempts, 0);
});

test('whatever a duration is, it is counted', () => {
  const health = createUpstreamHealth(() => 0);
  for (const durationMs of [0, 5, 1e9]) health.attempted('primary', 'well', durationMs);
  const { attempts, p95Ms } = health.recent('primary');
  assert.equal(attempts, 3);
  assert.ok(p95Ms! > 150_000);
});

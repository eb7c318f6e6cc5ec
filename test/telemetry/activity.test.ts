import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type LiveCall, type Refusal, createActivity } from '../../src/telemetry/activity.ts';

const identity = { org: 'acme', team: 'search', app: '', user: '' };

function liveCall(requestId: string): LiveCall {
  const record = { stage: 'reading', identity, model: 'm' } as const;
  return { requestId, operation: 'chat.completions.create', startedAtMs: 0, record };
}

function refusal(more: Partial<Refusal> = {}): Refusal {
  return {
    code: 'budget_exceeded',
    status: 429,
    operation: 'chat.completions.create',
    rule: 'team-day',
    message: 'why',
    requestId: 'req_1',
    model: 'm',
    identity,
    ...more,
  };
}

test('calls are live from their beginning to their end, the oldest first', () => {
  const activity = createActivity(() => 0);
  const calls = ['a', 'b', 'c'].map(liveCall);
  for (const call of calls) activity.begun(call);
  activity.ended(calls[1]!, 'well');
  assert.deepEqual(activity.live(1), [calls[0]]);
  assert.deepEqual(activity.live(9), [calls[0], calls[2]]);
  assert.equal(activity.liveCount(), 2);
});

test('refusals for the same reason stand together with their latest calls; the latest reason is first', () => {
  let nowMs = 1000;
  const activity = createActivity(() => nowMs);
  activity.refused(refusal({ rule: 'org-month' }));
  for (let sent = 1; sent <= 8; sent += 1) {
    nowMs += 1;
    activity.refused(refusal({ requestId: `req_${sent}` }));
  }
  const [first, second, ...more] = activity.refusals();
  assert.deepEqual(
    [first!.rule, first!.count, first!.firstAtMs, first!.lastAtMs],
    ['team-day', 8, 1001, 1008],
  );
  assert.deepEqual(
    first!.latest.map(({ requestId }) => requestId),
    ['req_8', 'req_7', 'req_6', 'req_5', 'req_4'],
  );
  assert.deepEqual([second!.rule, second!.count, more], ['org-month', 1, []]);
});

test('a flood of one reason leaves the others, and a flood of reasons leaves the latest fifty', () => {
  const activity = createActivity(() => 0);
  activity.refused(refusal({ code: 'circuit_open', rule: undefined }));
  for (let sent = 0; sent < 10_000; sent += 1) activity.refused(refusal());
  assert.deepEqual(
    activity.refusals().map(({ code }) => code),
    ['budget_exceeded', 'circuit_open'],
  );
  for (let index = 0; index < 1000; index += 1) activity.refused(refusal({ rule: `rule-${index}` }));
  const rules = activity.refusals().map(({ rule }) => rule);
  assert.deepEqual([rules.length, rules[0], rules.at(-1)], [50, 'rule-999', 'rule-950']);
});

test('traffic is counted in steps of ten seconds, and forgotten after five minutes', () => {
  let nowMs = 1_000_000;
  const activity = createActivity(() => nowMs);
  const end = (how: 'well' | 'failed' | 'refused') => {
    const call = liveCall('x');
    activity.begun(call);
    activity.ended(call, how);
  };
  end('well');
  end('refused');
  nowMs += 20_000;
  end('failed');
  const { ended, refused, failed, stepSeconds } = activity.traffic();
  assert.deepEqual(
    [stepSeconds, ended.slice(-3), refused.slice(-3), failed.slice(-3)],
    [10, [2, 0, 1], [1, 0, 0], [0, 0, 1]],
  );
  nowMs += 300_000;
  assert.deepEqual(
    activity.traffic().ended,
    Array.from({ length: 30 }, () => 0),
  );
});

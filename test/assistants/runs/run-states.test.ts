import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type RunChange, follow, isTerminal, runStates } from '../../../src/assistants/runs/run-states.ts';
import type { RunStatus } from '../../../src/assistants/wire.ts';

/** Each change, and where it leads from which status; from all others it leads nowhere. */
const expected: Record<RunChange, Partial<Record<RunStatus, RunStatus>>> = {
  begin: { queued: 'in_progress' },
  askForOutputs: { in_progress: 'requires_action' },
  takeOutputs: { requires_action: 'queued' },
  complete: { in_progress: 'completed' },
  runOut: { in_progress: 'incomplete' },
  fail: { queued: 'failed', in_progress: 'failed' },
  cancel: { queued: 'cancelling', in_progress: 'cancelling', requires_action: 'cancelling' },
  stop: { cancelling: 'cancelled' },
  expire: { queued: 'expired', in_progress: 'expired', requires_action: 'expired' },
};
const statuses = Object.keys(runStates) as RunStatus[];
const ends = ['cancelled', 'completed', 'expired', 'failed', 'incomplete'];

for (const [change, byStatus] of Object.entries(expected) as [RunChange, (typeof expected)[RunChange]][]) {
  test(`${change} leads where the table says, and nowhere else`, () => {
    for (const status of statuses) assert.equal(follow(status, change), byStatus[status], status);
  });
}

test('a run ends in five ways, and nothing happens to it then', () => {
  assert.deepEqual(statuses.filter(isTerminal).sort(), ends);
});

test('from every status some end can be reached, and every status from the first', () => {
  const reachable = (from: RunStatus): Set<RunStatus> => {
    const found = new Set([from]);
    for (const status of found) for (const next of Object.values(runStates[status])) found.add(next);
    return found;
  };
  assert.deepEqual(new Set(statuses), reachable('queued'));
  for (const status of statuses) assert.ok([...reachable(status)].some(isTerminal), status);
});

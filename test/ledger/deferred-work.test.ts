import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Exchange, Outcome } from '../../src/exchange.ts';
import { isFinal, lookupAfterCut, workBegunBy } from '../../src/ledger/deferred-work.ts';
import { matchOperation } from '../../src/openai/match-operation.ts';
import { plainExchange } from '../harness/exchange.ts';

function posted(path: string, value: unknown, query = ''): Exchange {
  return {
    ...plainExchange(),
    method: 'POST',
    path,
    query,
    operation: matchOperation('POST', `/v1${path}`)!.operation,
    body: { kind: 'json', bytes: Buffer.from(JSON.stringify(value)), value },
  };
}

function answered(more: Partial<Outcome>): Outcome {
  return { ending: 'complete', bodyBytes: 1, ...more };
}

test('work that goes on is asked for where it is, with the version that Azure wants', () => {
  const background = posted('/responses', { background: true }, '?api-version=2026-01-01&x=1');
  assert.deepEqual(workBegunBy(background, answered({ id: 'resp_1', status: 'queued' })), {
    id: 'resp_1',
    path: '/responses/resp_1?api-version=2026-01-01',
  });
  const run = posted('/threads/thread_1/runs', {});
  assert.equal(
    workBegunBy(run, answered({ id: 'run_1', status: 'requires_action' }))?.path,
    '/threads/thread_1/runs/run_1',
  );
  const both = posted('/threads/runs', {});
  assert.equal(
    workBegunBy(both, answered({ id: 'run_1', status: 'queued', threadId: 'thread_2' }))?.path,
    '/threads/thread_2/runs/run_1',
  );
  assert.equal(
    workBegunBy(posted('/batches', {}), answered({ id: 'batch_1', status: 'validating' }))?.path,
    '/batches/batch_1',
  );
});

test('what has ended, or never goes on, is not asked for', () => {
  const background = posted('/responses', { background: true });
  for (const status of ['completed', 'failed', 'incomplete', 'cancelled', 'expired']) {
    assert.equal(isFinal(status), true);
    assert.equal(workBegunBy(background, answered({ id: 'resp_1', status })), undefined);
  }
  assert.equal(
    workBegunBy(posted('/responses', {}), answered({ id: 'resp_1', status: 'in_progress' })),
    undefined,
  );
  assert.equal(workBegunBy(posted('/chat/completions', {}), answered({ id: 'c_1' })), undefined);
});

test('an id that is no plain name never becomes a part of a path', () => {
  const background = posted('/responses', { background: true });
  for (const id of ['../admin', 'a/b', 'a?b=c', 'a#b', 'a b', '', 'x'.repeat(200), '%2e%2e', 'ä']) {
    assert.equal(workBegunBy(background, answered({ id, status: 'queued' })), undefined);
    assert.equal(lookupAfterCut(posted('/responses', {}), answered({ id, ending: 'aborted' })), undefined);
  }
});

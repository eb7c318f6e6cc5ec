import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createDataPlane } from '../../src/server/data-plane.ts';

test('a failure of our own is a 500 in OpenAI’s shape that tells nothing of its cause', async (t) => {
  const told: [message: string, requestId: string][] = [];
  const dataPlane = createDataPlane({
    handler: () => Promise.reject(new Error('the secret cause')),
    headersTimeoutMs: 1000,
    bodyIdleTimeoutMs: 1000,
    onRefused: () => assert.fail('it was an exchange'),
    onInternalError: (error, requestId) => told.push([error.message, requestId]),
  });
  t.after(() => dataPlane.drain(0));
  const url = await dataPlane.listen('127.0.0.1', 0);
  const answer = await fetch(`${url}/v1/models`);
  const requestId = answer.headers.get('x-assistant-proxy-request-id');
  assert.deepEqual([answer.status, told], [500, [['the secret cause', requestId]]]);
  const { error } = (await answer.json()) as { error: Record<string, unknown> };
  assert.deepEqual(
    { ...error, message: '' },
    { message: '', type: 'server_error', param: null, code: 'internal_error' },
  );
  assert.ok(!JSON.stringify(error).includes('secret'));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { loadConfig } from '../../src/config/load.ts';
import { createInjectorMetrics } from '../../src/injector/injector-metrics.ts';
import { createWebhookServer } from '../../src/injector/webhook-server.ts';
import { cases } from './pods/cases.ts';
import { reviewOf } from './start-injector.ts';

test('a fault of its own is answered 500 without its words, told to whoever logs, and counted as such', async (t) => {
  const metrics = createInjectorMetrics();
  const told: string[] = [];
  const server = createWebhookServer({
    settings: loadConfig({ text: '', env: {}, needsKey: false }).injector,
    metrics,
    onNotice() {
      throw new Error('of what is said in a pod');
    },
    onInternalError: (error) => told.push(error.message),
  });
  t.after(() => server.close());
  const { pod } = cases.find(({ name }) => name === 'mistakes')!;
  const { statusCode, body } = await server.inject({
    method: 'POST',
    url: '/mutate',
    payload: reviewOf(pod),
  });
  assert.deepEqual([statusCode, body], [500, 'internal error; the log of the injector says more\n']);
  assert.deepEqual(told, ['of what is said in a pod']);
  const exposed = await metrics.exposition();
  assert.match(exposed, /assistant_proxy_injector_reviews_total\{result="error"\} 1\n/);
  assert.doesNotMatch(exposed, /reviews_total\{result="(invalid|failed)"/);
});

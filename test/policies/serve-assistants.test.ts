import assert from 'node:assert/strict';
import { test } from 'node:test';

import { operations } from '../../src/openai/operations.ts';
import { serveAssistants } from '../../src/policies/serve-assistants.ts';
import { StoreUnavailable } from '../../src/store-unavailable.ts';
import { plainExchange } from '../harness/exchange.ts';

for (const mayHaveHappened of [true, false]) {
  test(`a store that ${mayHaveHappened ? 'may have' : 'has not'} created what was asked for is told as such`, async () => {
    const name = 'threads.create';
    const create = async () => {
      throw new StoreUnavailable('it is away', { mayHaveHappened });
    };
    const policy = serveAssistants({ handlers: { [name]: create }, containerPath: async () => undefined });
    const operation = operations.find((each) => each.name === name)!;
    const headers = { 'openai-beta': 'assistants=v2' };
    const handle = policy(async () => assert.fail('it is served here'));
    await assert.rejects(handle({ ...plainExchange(), operation, path: '/threads', headers }), {
      code: 'store_unavailable',
      headers: { 'retry-after': '1' },
      mayHaveRun: mayHaveHappened,
    });
  });
}

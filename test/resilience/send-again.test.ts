import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';

import type { Exchange } from '../../src/exchange.ts';
import { type Operation, operations, unknownOperation } from '../../src/openai/operations.ts';
import { plainExchange } from '../harness/exchange.ts';
import { retrying, settle } from './retrying.ts';
import { type Step, failures, scriptedHandler } from './scripted-handler.ts';

type Failure = keyof typeof failures;

/** What is known to have come to nothing, so that anything whose body is still there may be sent again. */
const didNotRun: readonly Failure[] = [
  'no connection',
  'a rate limit',
  'an overload',
  'a 503 with Retry-After',
  'a lock',
  'a server error',
];
/** What may have run: only what may run any number of times is sent again. */
const mayHaveRun: readonly Failure[] = [
  'a connection that broke off',
  'a timeout',
  'a request timeout of the upstream',
  'a bad gateway',
  'a 500 of a gateway',
  'a 503 of a mesh',
  'a gateway timeout',
  'a gateway of another kind',
];
/** POSTs that leave nothing behind but what a first one has left. Reading and deleting is such, too. */
const harmlessPosts = new Set([
  'responses.inputTokens.count',
  'moderations.create',
  'vectorStores.search',
  ...operations
    .filter(({ name, method }) => method === 'POST' && /\.(update|cancel)$/.test(name))
    .map(({ name }) => name),
]);

function exchangeOf(operation: Operation, method: string, body: Exchange['body']): Exchange {
  return { ...plainExchange(), method, path: operation.path, operation, body };
}

function unread(): Exchange['body'] {
  return { kind: 'unread', source: { collect: async () => Buffer.alloc(0), open: () => new PassThrough() } };
}

const json: Exchange['body'] = { kind: 'json', bytes: Buffer.from('{}'), value: {} };

async function attemptsOf(exchange: Exchange, step: Step): Promise<number> {
  const { handler, sent } = scriptedHandler(step);
  const { handler: guarded, clock } = retrying(handler);
  await settle(
    clock,
    guarded(exchange).catch(() => {}),
  );
  return sent.length;
}

const everyOperation: readonly (readonly [operation: Operation, method: string])[] = [
  ...operations.map((operation) => [operation, operation.method] as const),
  ...['GET', 'POST', 'DELETE', 'PUT', 'PATCH'].map((method) => [unknownOperation, method] as const),
];

for (const [failure, step] of Object.entries(failures) as [Failure, Step][]) {
  test(`after ${failure} every operation is sent again, or not, as its kind allows`, async () => {
    for (const [operation, method] of everyOperation) {
      const isHarmless =
        method === 'POST' ? harmlessPosts.has(operation.name) : ['GET', 'DELETE', 'PUT'].includes(method);
      const mayRepeat = didNotRun.includes(failure) || (isHarmless && mayHaveRun.includes(failure));
      const body: Exchange['body'] = method === 'POST' ? json : { kind: 'none' };
      const where = `${operation.name} ${method}`;
      assert.equal(await attemptsOf(exchangeOf(operation, method, body), step), mayRepeat ? 3 : 1, where);
      if (method === 'GET') continue;
      // What streamed past on the first attempt can't be sent again.
      assert.equal(await attemptsOf(exchangeOf(operation, method, unread()), step), 1, `${where}, unread`);
    }
  });
}

test('the POSTs that may run twice are those that are known to, and no generation is among them', () => {
  const generating = operations.filter(
    ({ method, usage, requestBody }) => method === 'POST' && usage && requestBody !== 'none',
  );
  const harmless = generating.filter(({ name }) => harmlessPosts.has(name)).map(({ name }) => name);
  // Both set metadata.
  assert.deepEqual(harmless, ['chat.completions.update', 'threads.runs.update']);
  assert.ok(operations.length > 200);
});

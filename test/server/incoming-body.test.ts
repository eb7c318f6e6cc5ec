import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import { CallerLeft } from '../../src/errors.ts';
import { createDataPlane } from '../../src/server/data-plane.ts';
import { openSocket } from '../harness/raw.ts';

for (const [how, bytes] of [
  ['in part', '{"a":'],
  ['whole', '{"a":1}'],
] as const) {
  test(`a body that came ${how} is not waited for when its caller left before it was asked for`, async (t) => {
    const arrived = Promise.withResolvers<void>();
    const rejected = Promise.withResolvers<unknown>();
    const dataPlane = createDataPlane({
      async handler({ body, signal }) {
        assert.ok(body.kind === 'unread');
        arrived.resolve();
        await once(signal, 'abort');
        const failure = body.source.collect(1000).then(() => assert.fail('it was read'));
        failure.catch((error: unknown) => rejected.resolve(error));
        return failure;
      },
      headersTimeoutMs: 1000,
      bodyIdleTimeoutMs: 60_000,
      onRefused: () => {},
      onInternalError: () => {},
    });
    t.after(() => dataPlane.drain(0));
    const { port } = new URL(await dataPlane.listen('127.0.0.1', 0));
    const caller = await openSocket(Number(port));
    caller.write(`POST /v1/embeddings HTTP/1.1\r\nhost: x\r\ncontent-length: 7\r\n\r\n${bytes}`);
    await arrived.promise;
    caller.destroy();
    assert.ok((await rejected.promise) instanceof CallerLeft);
  });
}

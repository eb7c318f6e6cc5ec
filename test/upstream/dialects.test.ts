import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, startUpstream } from '../harness/upstream.ts';

async function startBoth(test: TestContext, dialect: 'openai' | 'azure', basePath: string) {
  const seen: { target: string; key: string | string[] | undefined; authorization: string | undefined }[] =
    [];
  const upstream = await startUpstream(test, ({ url = '', headers }, response) => {
    seen.push({ target: url, key: headers['api-key'], authorization: headers.authorization });
    answerJson(response, {});
  });
  const sidecar = await startSidecar(test, {
    upstreamUrl: `http://127.0.0.1:${upstream.port}${basePath}`,
    env: { ASSISTANT_PROXY_UPSTREAM_DIALECT: dialect },
  });
  const origin = `http://127.0.0.1:${sidecar.port}`;
  return {
    seen,
    async post(path: string): Promise<void> {
      const body = '{"model":"gpt","messages":[],"input":"x"}';
      const headers = { 'content-type': 'application/json', 'api-key': 'caller-secret' };
      const answer = await fetch(origin + path, { method: 'POST', headers, body });
      assert.equal(answer.status, 200);
      await answer.arrayBuffer();
    },
  };
}

test('an Azure upstream gets the key as api-key, and keeps deployments and versions', async (t) => {
  const { seen, post } = await startBoth(t, 'azure', '/openai');
  await post('/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21&x=1');
  await post('/openai/v1/responses?api-version=preview');
  await post('/v1/responses');
  assert.deepEqual(
    seen,
    [
      '/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21&x=1',
      '/openai/responses?api-version=preview',
      '/openai/responses',
    ].map((target) => ({ target, key: 'sk-stand-in', authorization: undefined })),
  );
});

test('an OpenAI upstream gets a bearer key and plain paths, whatever dialect the caller speaks', async (t) => {
  const { seen, post } = await startBoth(t, 'openai', '/v1');
  await post('/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21');
  await post('/openai/deployments/gpt-4o/embeddings?a=1&api-version=2024-10-21&b=2');
  await post('/openai/v1/responses?api-version=preview');
  await post('/v1/responses?a=1');
  assert.deepEqual(
    seen,
    ['/v1/chat/completions', '/v1/embeddings?a=1&b=2', '/v1/responses', '/v1/responses?a=1'].map(
      (target) => ({
        target,
        key: undefined,
        authorization: 'Bearer sk-stand-in',
      }),
    ),
  );
});

test('the base path may end in a slash, or be empty', async (t) => {
  for (const [basePath, target] of [
    ['/a/b/', '/a/b/responses'],
    ['', '/responses'],
    ['/', '/responses'],
  ] as const) {
    const { seen, post } = await startBoth(t, 'openai', basePath);
    await post('/v1/responses');
    assert.equal(seen[0]?.target, target);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startSidecar, upstreamKey } from '../harness/sidecar.ts';
import { startStandIn } from '../stand-in/stand-in.ts';
import { eventsOf, failureOf } from './record.ts';
import { type Sdk, loadSdk, majors } from './sdk-versions.ts';

const apiVersion = '2025-04-01-preview';

for (const major of majors) {
  test(`openai ${major}: the Azure client reaches the plain paths of an OpenAI upstream`, async (t) => {
    const sdk = await loadSdk(major);
    const start = () => startStandIn({ apiKey: upstreamKey, deterministic: true });
    const [direct, behind] = await Promise.all([start(), start()]);
    t.after(() => Promise.all([direct.close(), behind.close()]));
    const sidecar = await startSidecar(t, { upstreamUrl: behind.url });

    const straight = await useAzure(sdk, `http://127.0.0.1:${direct.port}`, upstreamKey);
    const through = await useAzure(sdk, `http://127.0.0.1:${sidecar.port}`, 'placeholder');

    assert.deepEqual(through, straight);
    assert.ok(direct.requests.every(({ path }) => path.includes(`api-version=${apiVersion}`)));
    assert.deepEqual(
      behind.requests.map(({ method, path }) => `${method} ${path}`),
      [
        'POST /v1/chat/completions',
        'POST /v1/chat/completions',
        'POST /v1/embeddings',
        'POST /v1/chat/completions',
        'POST /v1/files',
        'GET /v1/files?purpose=user_data',
      ],
    );
    assert.ok(behind.requests.every(({ headers }) => headers['api-key'] === undefined));
  });
}

async function useAzure(sdk: Sdk, endpoint: string, apiKey: string): Promise<unknown> {
  const client = new sdk.AzureOpenAI({ endpoint, apiKey, apiVersion, maxRetries: 0 });
  const hello = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'Hello [[words:20]]' }] };
  const missing = { model: 'no-such-model', messages: [] };
  return {
    completion: await client.chat.completions.create(hello),
    chunks: await eventsOf(await client.chat.completions.create({ ...hello, stream: true })),
    embedding: await client.embeddings.create({ model: 'text-embedding-3-small', input: 'x' }),
    failure: await failureOf(client.chat.completions.create(missing)),
    file: await client.files.create({ file: new File(['a'], 'a.txt'), purpose: 'user_data' }),
    files: await eventsOf(client.files.list({ purpose: 'user_data' })),
  };
}

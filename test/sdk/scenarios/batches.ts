import assert from 'node:assert/strict';

import { eventsOf } from '../record.ts';
import type { Scenario } from '../scenario.ts';
import type { Sdk } from '../sdk-versions.ts';

export const batchScenarios: readonly Scenario[] = [
  {
    title: 'a batch is polled to its end and its output read',
    async run({ client, sdk }) {
      const created = await createBatch(client, sdk);
      let batch = created;
      while (batch.status !== 'completed') {
        await new Promise((resolve) => setTimeout(resolve, 20));
        batch = await client.batches.retrieve(created.id);
      }
      assert.ok(batch.output_file_id);
      const output = await (await client.files.content(batch.output_file_id)).text();
      assert.equal(output.trim().split('\n').length, 2);
      return { created, batch, output, listed: await eventsOf(client.batches.list()) };
    },
  },
  {
    title: 'a batch is cancelled',
    standIn: { queuedMs: 60_000 },
    async run({ client, sdk }) {
      const { id } = await createBatch(client, sdk);
      return client.batches.cancel(id);
    },
  },
];

async function createBatch(client: InstanceType<Sdk['OpenAI']>, { toFile }: Sdk) {
  const line = (id: number) => ({
    custom_id: `line-${id}`,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: `Question ${id}` }] },
  });
  const lines = [line(1), line(2)].map((request) => JSON.stringify(request)).join('\n');
  const input = await client.files.create({
    file: await toFile(Buffer.from(lines), 'batch.jsonl'),
    purpose: 'batch',
  });
  return client.batches.create({
    input_file_id: input.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });
}

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { eventsOf } from '../record.ts';
import type { Scenario } from '../scenario.ts';

const model = 'text-embedding-3-small';

/** What needs one call and keeps nothing. */
export const modelScenarios: readonly Scenario[] = [
  {
    title: 'embeddings, decoded by the SDK, as numbers and as base64',
    async run({ client }) {
      const input = ['one', 'two'];
      const decoded = await client.embeddings.create({ model, input });
      const numbers = await client.embeddings.create({
        model,
        input,
        encoding_format: 'float',
        dimensions: 256,
      });
      const base64 = await client.embeddings.create({ model, input, encoding_format: 'base64' });
      assert.equal(decoded.data[0]?.embedding.length, 1536);
      assert.equal(numbers.data[0]?.embedding.length, 256);
      assert.equal(typeof base64.data[0]?.embedding, 'string');
      return { decoded, numbers, base64 };
    },
  },
  {
    title: 'moderations',
    async run({ client }) {
      const result = await client.moderations.create({ input: ['Have a nice day', 'I will stab you'] });
      assert.deepEqual(
        result.results.map(({ flagged }) => flagged),
        [false, true],
      );
      return result;
    },
  },
  {
    title: 'models, listed and read',
    async run({ client }) {
      const listed = await eventsOf(client.models.list());
      assert.ok(listed.length > 5);
      return { listed, one: await client.models.retrieve('gpt-4o') };
    },
  },
  {
    title: 'an image',
    run: ({ client }) => client.images.generate({ model: 'gpt-image-1', prompt: 'A lighthouse' }),
  },
  {
    title: 'speech, byte by byte, and its transcription',
    async run({ client, sdk }) {
      const speech = await client.audio.speech.create({
        model: 'tts-1',
        voice: 'alloy',
        input: 'Hello there',
      });
      const bytes = Buffer.from(await speech.arrayBuffer());
      assert.ok(bytes.length > 0);
      const file = await sdk.toFile(bytes, 'hello.mp3');
      const heard = await client.audio.transcriptions.create({ file, model: 'whisper-1' });
      return { sha256: createHash('sha256').update(bytes).digest('hex'), length: bytes.length, heard };
    },
  },
];

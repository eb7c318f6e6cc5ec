import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NotFoundError, toFile } from 'openai';

import { withStandIn } from './with-stand-in.ts';

test('embeddings are unit vectors, the same for the same text in both encodings', async (t) => {
  const { client } = await withStandIn(t);
  const ask = (encoding_format?: 'float' | 'base64', dimensions = 8) =>
    client.embeddings.create({
      model: 'text-embedding-3-small',
      input: ['cat', 'dog'],
      dimensions,
      ...(encoding_format ? { encoding_format } : {}),
    });
  const floats = await ask('float');
  const [cat, dog] = floats.data.map(({ embedding }) => embedding);
  assert.ok(cat && dog);
  assert.notDeepEqual(cat, dog);
  assert.ok(Math.abs(Math.hypot(...cat) - 1) < 1e-6);
  assert.equal(floats.usage.prompt_tokens, 2);
  // The SDK asks for base64 by itself and decodes it.
  assert.deepEqual((await ask()).data[0]?.embedding, cat);
  const large = await client.embeddings.create({ model: 'text-embedding-3-large', input: [1, 2, 3] });
  assert.equal(large.data[0]?.embedding.length, 3072);
  assert.equal(large.usage.prompt_tokens, 3);
});

test('models can be listed and read', async (t) => {
  const { client } = await withStandIn(t);
  const ids: string[] = [];
  for await (const { id } of client.models.list()) ids.push(id);
  assert.ok(ids.includes('gpt-4o'));
  assert.equal((await client.models.retrieve('gpt-4o')).id, 'gpt-4o');
  await assert.rejects(client.models.retrieve('no-such-model'), NotFoundError);
});

test('moderation flags words of violence, and nothing else', async (t) => {
  const { client } = await withStandIn(t);
  const { results } = await client.moderations.create({ input: ['I will kill you', 'Good morning'] });
  assert.deepEqual(
    results.map((result) => [result.flagged, result.categories.violence]),
    [
      [true, true],
      [false, false],
    ],
  );
});

test('audio and images have their minimal answers', async (t) => {
  const { client } = await withStandIn(t);
  const file = await toFile(Buffer.alloc(9000), 'a.mp3');
  assert.match((await client.audio.transcriptions.create({ file, model: 'whisper-1' })).text, /9000 bytes/);
  assert.match((await client.audio.translations.create({ file, model: 'whisper-1' })).text, /9000 bytes/);
  const speech = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hello' });
  assert.equal((await speech.arrayBuffer()).byteLength, 10_000);
  const image = await client.images.generate({ model: 'gpt-image-1', prompt: 'A cat' });
  assert.ok(Buffer.from(image.data?.[0]?.b64_json ?? '', 'base64').includes('PNG'));
  assert.ok(image.usage && image.usage.total_tokens > 0);
});

test('conversations and containers can be created, read, changed and deleted', async (t) => {
  const { client } = await withStandIn(t);
  const { conversations, containers } = client;
  const conversation = await conversations.create({ metadata: { a: 'b' } });
  const added = await conversations.items.create(conversation.id, {
    items: [{ role: 'user', content: 'Hello' }],
  });
  const itemId = added.data[0]?.id ?? '';
  const inside = { conversation_id: conversation.id };
  assert.equal((await conversations.items.retrieve(itemId, inside)).type, 'message');
  await conversations.items.delete(itemId, inside);
  assert.equal((await conversations.items.list(conversation.id)).data.length, 0);
  const changed = await conversations.update(conversation.id, { metadata: { a: 'c' } });
  assert.deepEqual(changed.metadata, { a: 'c' });
  await conversations.delete(conversation.id);
  await assert.rejects(conversations.retrieve(conversation.id), NotFoundError);

  const container = await containers.create({ name: 'box' });
  assert.equal((await containers.retrieve(container.id)).name, 'box');
  assert.equal((await containers.list()).data.length, 1);
  await containers.delete(container.id);
  await assert.rejects(containers.retrieve(container.id), NotFoundError);
});

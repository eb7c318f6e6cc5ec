import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { BadRequestError, NotFoundError, toFile } from 'openai';

import { pattern } from './files.ts';
import { spawnStandIn } from './spawn-stand-in.ts';
import { withStandIn } from './with-stand-in.ts';

test('a small file comes back as it was uploaded', async (t) => {
  const { client } = await withStandIn(t);
  const content = Buffer.from('line one\r\n--not the boundary\r\n\u0000binary');
  const file = await client.files.create({ file: await toFile(content, 'a.bin'), purpose: 'user_data' });
  assert.equal(file.bytes, content.length);
  assert.equal(file.filename, 'a.bin');
  const back = Buffer.from(await (await client.files.content(file.id)).arrayBuffer());
  assert.deepEqual(back, content);
  assert.equal((await client.files.retrieve(file.id)).id, file.id);
  await client.files.delete(file.id);
  await assert.rejects(client.files.retrieve(file.id), NotFoundError);
});

test('files are listed newest first, by purpose, page by page', async (t) => {
  const { client } = await withStandIn(t);
  for (const name of ['1', '2', '3']) {
    await client.files.create({ file: await toFile(Buffer.from(name), name), purpose: 'assistants' });
  }
  await client.files.create({ file: await toFile(Buffer.from('b'), 'b'), purpose: 'batch' });
  const names: string[] = [];
  for await (const { filename } of client.files.list({ limit: 2, purpose: 'assistants' }))
    names.push(filename);
  assert.deepEqual(names, ['3', '2', '1']);
});

test('a large upload and a large download need flat memory', async () => {
  const standIn = await spawnStandIn();
  const headers = { authorization: 'Bearer sk-stand-in' };
  const bytes = 400 * 1024 * 1024;
  async function* form(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(
      '--edge\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n' +
        '--edge\r\ncontent-disposition: form-data; name="file"; filename="big"\r\n\r\n',
    );
    yield* pattern(bytes);
    yield Buffer.from('\r\n--edge--\r\n');
  }
  const answer = await fetch(`${standIn.url}/files`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'multipart/form-data; boundary=edge' },
    body: form(),
    duplex: 'half',
  });
  assert.equal(JSON.parse(await answer.text()).bytes, bytes);

  const download = await fetch(`${standIn.url}/files/file-synthetic-${bytes}/content`, { headers });
  assert.equal(download.headers.get('content-length'), String(bytes));
  let received = 0;
  for await (const chunk of download.body ?? []) received += chunk.length;
  assert.equal(received, bytes);

  const { maxRssKiB } = await standIn.stop();
  assert.ok(maxRssKiB < 320 * 1024, `used ${(maxRssKiB / 1024).toFixed()} MiB`);
});

test('an upload is put together from its parts, in the order that is asked for', async (t) => {
  const { client } = await withStandIn(t);
  const upload = await client.uploads.create({
    bytes: 6,
    filename: 'parts.txt',
    mime_type: 'text/plain',
    purpose: 'assistants',
  });
  const part = async (text: string) =>
    (await client.uploads.parts.create(upload.id, { data: await toFile(Buffer.from(text), 'part') })).id;
  const [second, first] = [await part('def'), await part('abc')];
  await assert.rejects(client.uploads.complete(upload.id, { part_ids: [first] }), BadRequestError);
  const done = await client.uploads.complete(upload.id, { part_ids: [first, second] });
  assert.equal(done.status, 'completed');
  assert.equal(await (await client.files.content(done.file?.id ?? '')).text(), 'abcdef');
  await assert.rejects(client.uploads.cancel(upload.id), BadRequestError);
});

test('a form without a file or with an unknown purpose is refused', async (t) => {
  const { standIn } = await withStandIn(t);
  const send = async (form: FormData) => {
    const answer = await fetch(`${standIn.url}/files`, {
      method: 'POST',
      headers: { authorization: `Bearer ${standIn.apiKey}` },
      body: form,
    });
    return { status: answer.status, ...JSON.parse(await answer.text()).error };
  };
  const noFile = new FormData();
  noFile.set('purpose', 'assistants');
  assert.equal((await send(noFile)).param, 'file');
  const badPurpose = new FormData();
  badPurpose.set('purpose', 'fun');
  badPurpose.set('file', new Blob(['x'.repeat(3_000_000)]), 'x');
  const refused = await send(badPurpose);
  assert.equal(refused.status, 400);
  assert.equal(refused.param, 'purpose');
});

test('the synthetic content is the same each time', async () => {
  const hash = createHash('sha256');
  for await (const chunk of pattern(1_000_003)) hash.update(chunk);
  const again = createHash('sha256').update(
    Buffer.from(Array.from({ length: 1_000_003 }, (_, i) => i % 251)),
  );
  assert.equal(hash.digest('hex'), again.digest('hex'));
});

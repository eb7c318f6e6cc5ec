import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { eventsOf, failureOf, headersOf } from '../record.ts';
import type { Scenario } from '../scenario.ts';

/** Every byte value, in no text encoding's order. */
const content = Buffer.from(
  Uint8Array.from({ length: 200_000 }, (_, index) => (index * 7 + (index >> 8)) % 256),
);

export const fileScenarios: readonly Scenario[] = [
  {
    title: 'a file is created and read byte by byte',
    async run({ client, sdk }) {
      const type = 'application/octet-stream';
      const file = await client.files.create({
        file: await sdk.toFile(content, 'dätà.bin', { type }),
        purpose: 'user_data',
      });
      const answer = await client.files.content(file.id);
      const bytes = Buffer.from(await answer.arrayBuffer());
      assert.deepEqual(bytes, content);
      return {
        file,
        retrieved: await client.files.retrieve(file.id),
        sha256: createHash('sha256').update(bytes).digest('hex'),
        headers: headersOf(answer.headers),
      };
    },
  },
  {
    title: 'a file is deleted',
    async run({ client }) {
      const { id } = await client.files.create({
        file: new File(['Gone'], 'gone.txt'),
        purpose: 'user_data',
      });
      const deleted = await client.files.delete(id);
      return { deleted, gone: await failureOf(client.files.content(id)) };
    },
    async runWithFour({ client }) {
      const { id } = await client.files.create({
        file: new File(['Gone'], 'gone.txt'),
        purpose: 'user_data',
      });
      const deleted = await client.files.del(id);
      return { deleted, gone: await failureOf(client.files.content(id)) };
    },
  },
  {
    title: 'files come page by page',
    async run({ client, sdk }) {
      for (let index = 0; index < 7; index++) {
        const file = await sdk.toFile(Buffer.from(`File ${index}`), `file-${index}.txt`);
        await client.files.create({ file, purpose: index === 6 ? 'batch' : 'user_data' });
      }
      const all = await eventsOf(client.files.list({ purpose: 'user_data', limit: 2, order: 'asc' }));
      assert.deepEqual(
        all.map(({ filename }) => filename),
        [0, 1, 2, 3, 4, 5].map((index) => `file-${index}.txt`),
      );
      const pages = [];
      for await (const page of (await client.files.list({ limit: 3 })).iterPages()) pages.push(page.data);
      assert.equal(pages.length, 3);
      return { all, pages };
    },
  },
  {
    title: 'a file is uploaded in parts',
    async run({ client, sdk }) {
      const upload = await client.uploads.create({
        bytes: content.length,
        filename: 'parts.bin',
        mime_type: 'application/octet-stream',
        purpose: 'user_data',
      });
      const parts = [];
      for (const bytes of [content.subarray(0, 70_000), content.subarray(70_000)]) {
        parts.push(await client.uploads.parts.create(upload.id, { data: await sdk.toFile(bytes, 'part') }));
      }
      const completed = await client.uploads.complete(upload.id, { part_ids: parts.map(({ id }) => id) });
      assert.ok(completed.file);
      const answer = await client.files.content(completed.file.id);
      assert.deepEqual(Buffer.from(await answer.arrayBuffer()), content);
      return { upload, parts, completed };
    },
  },
  {
    title: 'an upload is cancelled',
    async run({ client }) {
      const upload = await client.uploads.create({
        bytes: 10,
        filename: 'never.txt',
        mime_type: 'text/plain',
        purpose: 'assistants',
      });
      const cancelled = await client.uploads.cancel(upload.id);
      return {
        upload,
        cancelled,
        late: await failureOf(client.uploads.complete(upload.id, { part_ids: [] })),
      };
    },
  },
];

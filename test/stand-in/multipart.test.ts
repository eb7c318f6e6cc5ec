import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { readMultipart } from './multipart.ts';

test('a form is read alike however its bytes are cut', async () => {
  const content = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  // Contents that look like the boundary are what a parser gets wrong.
  const tricky = fc
    .constantFrom('\r\n', '\r\n--', '\r\n--edg', '--edge', '\r')
    .map((text) => Buffer.from(text));
  const part = fc.array(fc.oneof(content, tricky), { maxLength: 5 }).map((pieces) => Buffer.concat(pieces));
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { minLength: 1, maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 10 }),
      async (parts, sizes) => {
        fc.pre(parts.every((bytes) => !bytes.includes('\r\n--edge')));
        const body = Buffer.concat([
          ...parts.flatMap((bytes, index) => [
            Buffer.from(`--edge\r\nContent-Disposition: form-data; name="p${index}"\r\n\r\n`),
            bytes,
            Buffer.from('\r\n'),
          ]),
          Buffer.from('--edge--\r\n'),
        ]);
        const read: [string, Buffer][] = [];
        for await (const { name, content: stream } of readMultipart(cut(body, sizes), 'edge')) {
          read.push([name, Buffer.concat(await Array.fromAsync(stream))]);
        }
        assert.deepEqual(
          read,
          parts.map((bytes, index) => [`p${index}`, bytes]),
        );
      },
    ),
    { numRuns: 2000 },
  );
});

async function* cut(body: Buffer, sizes: number[]): AsyncGenerator<Buffer> {
  for (let at = 0, turn = 0; at < body.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield body.subarray(at, at + size);
    at += size;
  }
}

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import fc from 'fast-check';

import { createBodyDigest } from '../../src/idempotency/body-digest.ts';
import { cut } from '../openai/chunkings.ts';

function digest(chunks: readonly Uint8Array[], contentType?: string, head = 'head'): string {
  const body = createBodyDigest(head, contentType);
  for (const chunk of chunks) body.push(chunk);
  return body.end();
}

const multipart = (boundary: string) => `multipart/form-data; boundary=${boundary}`;

/** A form with these parts, as a client writes it that drew this boundary. */
function form(boundary: string, parts: readonly string[]): Buffer {
  const head = 'content-disposition: form-data; name="file"';
  const written = parts.map((part) => `--${boundary}\r\n${head}\r\n\r\n${part}\r\n`);
  return Buffer.from(`${written.join('')}--${boundary}--\r\n`);
}

/** Contents full of what looks like the beginning of a boundary. */
const content = fc
  .array(fc.constantFrom('-', '--', 'b', 'B1', '--b', '\r\n', '\r\n--', 'text', 'é'), { maxLength: 12 })
  .map((pieces) => pieces.join(''));
const parts = fc.array(content, { maxLength: 4 });
const sizes = fc.array(fc.nat({ max: 9 }), { maxLength: 8 });
const boundary = fc.constantFrom('bBbB1234', '----formdata-undici-0123456789');

test('a form has one digest, whatever its boundary is and wherever it is cut', () => {
  fc.assert(
    fc.property(parts, boundary, boundary, sizes, (contents, one, other, cuts) => {
      const whole = digest([form(one, contents)], multipart(one));
      assert.equal(digest(cut(form(one, contents), cuts), multipart(one)), whole);
      assert.equal(digest(cut(form(other, contents), cuts), multipart(`"${other}"`)), whole);
    }),
    { numRuns: 500 },
  );
});

test('forms with other parts have other digests', () => {
  fc.assert(
    fc.property(parts, parts, boundary, (one, other, by) => {
      fc.pre(JSON.stringify(one) !== JSON.stringify(other));
      assert.notEqual(digest([form(by, one)], multipart(by)), digest([form(by, other)], multipart(by)));
    }),
    { numRuns: 500 },
  );
});

test('where a boundary stands makes a difference, and how many there are', () => {
  const by = multipart('x');
  const bodies = ['--xab', 'a--xb', 'ab--x', 'ab', '--x--xab', 'a--x--xb', '--xa--xb'];
  const digests = bodies.map((body) => digest([Buffer.from(body)], by));
  assert.equal(new Set(digests).size, bodies.length);
});

test('any other body is hashed as it is, behind what is asked of it', () => {
  const bytes = Buffer.from('{"a":"--x"}');
  const expected = createHash('sha256').update('head\n{"a":"--x"}').digest('hex');
  for (const type of [undefined, 'application/json', 'application/json; boundary=x', 'multipart/form-data']) {
    assert.equal(digest(cut(bytes, [1, 2]), type), expected);
  }
  assert.notEqual(digest([bytes], undefined, 'other'), expected);
});

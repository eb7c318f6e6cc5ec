import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { createDetector } from '../../../src/redaction/detect/create-detector.ts';
import { applyEdits } from '../../../src/redaction/edits.ts';
import { createFinder } from './found-in.ts';

const detector = createDetector({ allow: ['ours@example.org'] });
const mask = (text: string) =>
  applyEdits(
    text,
    detector.find(text).map(({ entity, from, end }) => ({ from, end, text: `[${entity}]` })),
  );

const values = [
  'bob@example.com',
  '4111 1111 1111 1111',
  'DE89370400440532013000',
  'https://u:p4ss@h.example/a',
];
const masked = ['[EMAIL]', '[CREDIT_CARD]', '[IBAN]', 'https://[URL_CREDENTIALS]@h.example/a'];

/** A JSON string with some of its characters escaped, in any way that JSON allows. */
const quoted = (text: string) =>
  fc.array(fc.nat(5), { minLength: text.length, maxLength: text.length }).map((dice) => {
    const units = [...text].map((unit, index) => {
      if (dice[index] === 0) return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
      if (unit === '/' && dice[index] === 1) return '\\/';
      return JSON.stringify(unit).slice(1, -1);
    });
    return `"${units.join('')}"`;
  });

test('what stands in JSON that a text quotes is found however it is escaped, and the JSON stays valid', () => {
  const around = fc.constantFrom('', ' ', '\n', '"', '\t"', ' \\ ', '\r\n', ', ');
  const document = fc
    .tuple(fc.nat(values.length - 1), around, around, fc.boolean())
    .chain(([index, before, behind, isNested]) =>
      fc.record({
        json: quoted(`x${before || ' '}${values[index]!}${behind || ' '}x`),
        value: fc.constant(`x${before || ' '}${masked[index]!}${behind || ' '}x`),
        isNested: fc.constant(isNested),
      }),
    );
  fc.assert(
    fc.property(document, ({ json, value, isNested }) => {
      const inner = `{"it":${json}}`;
      const text = mask(`Look at ${isNested ? JSON.stringify(inner) : inner}, please`);
      const rest = text.slice('Look at '.length, -', please'.length);
      const told = (isNested ? JSON.parse(JSON.parse(rest) as string) : JSON.parse(rest)) as { it: string };
      assert.equal(told.it, value, text);
    }),
    { numRuns: 1000 },
  );
});

test('what is allowed is so in escapes, too, and a look-alike in an escape is one', () => {
  assert.equal(
    mask(String.raw`is "ours\u0040example.org" here`),
    String.raw`is "ours\u0040example.org" here`,
  );
  assert.equal(mask(String.raw`is "bob\uff20example.com" here`), 'is "[EMAIL]" here');
});

test('backslashes that escape nothing are text', () => {
  const find = createFinder();
  for (const text of [
    String.raw`\d{4}-\d{4}`,
    String.raw`C:\a\b`,
    String.raw`\u12`,
    '\\',
    '\\\\\\',
    String.raw`\x40`,
  ]) {
    assert.deepEqual(find(text), []);
    assert.equal(mask(text), text);
  }
  assert.deepEqual(find(String.raw`C:\mail\bob@example.com`), ['EMAIL bob@example.com']);
});

test('a backslash of a password or of a path hides nothing', () => {
  const key = `npm_${'aB3dE5gH7jK9'.repeat(3)}`;
  for (const [text, expected] of [
    [String.raw`postgres://app:Ab9\n4Zq7xQ@db:5432/x`, 'postgres://[URL_CREDENTIALS]@db:5432/x'],
    [String.raw`https://bob:se\n3cretPW9x@db.example.com`, 'https://[URL_CREDENTIALS]'],
    [String.raw`amqp://svc:T\r7hhQ2p@rabbit/vh`, 'amqp://[URL_CREDENTIALS]@rabbit/vh'],
    [`C:\\keys\\${key}`, 'C:\\keys[SECRET]'],
    [`said \\"bob@example.com\\" and C:\\keys\\${key}`, 'said \\"[EMAIL]\\" and C:\\keys[SECRET]'],
  ] as const) {
    assert.equal(mask(text), expected);
  }
  const own = createDetector({ custom: [{ name: 'ACME', pattern: String.raw`ACME\\[a-z.]+` }] });
  for (const text of [String.raw`ACME\nina.roberts`, String.raw`ACME\tom`]) {
    assert.deepEqual(
      own.find(text).map(({ from, end }) => text.slice(from, end)),
      [text],
    );
  }
});

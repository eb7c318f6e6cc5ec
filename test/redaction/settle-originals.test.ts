import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { settleOriginals } from '../../src/redaction/answers/settle-originals.ts';
import { applyEdits } from '../../src/redaction/edits.ts';
import { hashFor, maskFor, pseudonymFor, readPlaceholder } from '../../src/redaction/placeholders.ts';

const originals = new Map([
  ['<EMAIL_1>', 'a@b.example'],
  ['<EMAIL_12>', 'c@d.example'],
  ['<CREDIT_CARD_1>', '4111 1111 1111 1111'],
]);

function restore(text: string): string {
  return applyEdits(text, settleOriginals(originals).settle(text, 0, true).edits);
}

test('placeholders are read as they are made, and nothing else is', () => {
  assert.deepEqual(readPlaceholder(maskFor('US_SSN')), { form: 'mask', entity: 'US_SSN' });
  assert.deepEqual(readPlaceholder(hashFor('EMAIL', '1a2b3c4d5e6f')), {
    form: 'hash',
    entity: 'EMAIL',
    digest: '1a2b3c4d5e6f',
  });
  assert.deepEqual(readPlaceholder(pseudonymFor('EMAIL', 12)), {
    form: 'pseudonym',
    entity: 'EMAIL',
    number: 12,
  });
  for (const other of [
    '',
    'EMAIL',
    '<EMAIL>',
    '<EMAIL_0>',
    '[email]',
    '[EMAIL:1a2b]',
    '<EMAIL_1> ',
    '[EMAIL_1',
  ])
    assert.equal(readPlaceholder(other), undefined, other);
});

const mangled = [
  '<EMAIL_1>',
  '<email_1>',
  '<Email_1>',
  '< EMAIL_1 >',
  '<EMAIL 1>',
  '<EMAIL-1>',
  '<EMAIL_1',
  'EMAIL_1>',
  'email_1>',
  'EMAIL_1',
  '[EMAIL_1]',
  '[email_1]',
  '<EMAIL_1]',
  '&lt;EMAIL_1&gt;',
  '&LT;email_1&GT;',
  '\\<EMAIL\\_1\\>',
  '\\<EMAIL_1\\>',
  '<EMAIL\\_1>',
  '<EMAIL_1/>',
];
test('a placeholder that a model mangled is restored', () => {
  for (const form of mangled) {
    for (const [before, after] of [
      ['', ''],
      ['write to ', ' today'],
      ['(', ').'],
      ['**', '**'],
      ['"', '", "'],
    ] as const) {
      assert.equal(
        restore(`${before}${form}${after}`),
        `${before}a@b.example${after}`,
        before + form + after,
      );
    }
  }
  assert.equal(
    restore('<credit card 1> and <CREDIT\\_CARD\\_1>'),
    '4111 1111 1111 1111 and 4111 1111 1111 1111',
  );
  assert.equal(restore('<EMAIL_1><EMAIL_12>,EMAIL_12'), 'a@b.examplec@d.example,c@d.example');
});

test('what the table does not know, or is a part of something longer, is left alone', () => {
  for (const text of [
    '<EMAIL_2>',
    '<EMAIL_13>',
    '<EMAIL_123>',
    '<EMAIL_01>',
    '<PHONE_1>',
    'MY_EMAIL_12',
    'MYEMAIL_1',
    'EMAIL_1A',
    'EMAIL_1_A',
    '$EMAIL_1',
    'x.EMAIL_1',
    'email_1',
    'Email 1: hello',
    '[Email 1]',
    '<Email 1 is',
    '<EMAIL>',
    '</EMAIL_1>',
    '<EMAIL _1>',
    '<   EMAIL_1',
    'a < b',
    '<',
    '&lt;',
    '\\',
  ]) {
    const expected = text === '<   EMAIL_1' ? '<   a@b.example' : text;
    assert.equal(restore(text), expected);
  }
});

test('what stood before an original still does', () => {
  for (const before of ['\\', '\\\\', '<', '[', '&lt;', '&', 'E', 'EMAIL_', '[ ', '>', '\\\\[']) {
    assert.equal(restore(`${before}<EMAIL_1>`), `${before}a@b.example`);
  }
});

test('originals stand for themselves: what looks like a placeholder in them is not restored again', () => {
  const nested = new Map([...originals, ['<SECRET_1>', '$& <EMAIL_1>']]);
  const { edits } = settleOriginals(nested).settle('<SECRET_1>', 0, true);
  assert.equal(applyEdits('<SECRET_1>', edits), '$& <EMAIL_1>');
});

test('with an empty table nothing is restored, and nothing held back', () => {
  assert.deepEqual(settleOriginals(new Map()).settle('<EMAIL_1', 0, false), { edits: [], end: 8 });
});

test('only what may be the beginning of a placeholder is held back, and never more than 80 units', () => {
  const settler = settleOriginals(originals);
  const held = (text: string): string => text.slice(settler.settle(text, 0, false).end);
  for (const tail of [
    '<',
    '<E',
    '< ',
    '<EMAIL_1',
    '<EMAIL_12',
    '[em',
    '&',
    '&l',
    '&lt;',
    '\\',
    'EMAIL_1',
    'E',
    'credit ca',
  ]) {
    assert.equal(held(`well, ${tail}`), tail, tail);
  }
  for (const tail of ['<EMAIL_1>', '<EX', 'x', '<3', '<EMAIL_2 ', 'Every', '&a', 'EMAIL_1,', '<!']) {
    assert.equal(held(`well, ${tail}`), '', tail);
  }
  const piece = fc.constantFrom(
    '<',
    '[',
    '&lt;',
    '\\',
    'E',
    'EMAIL',
    '_',
    '1',
    '12',
    ' ',
    '>',
    'CREDIT',
    'CARD',
    '-',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      assert.ok(held(pieces.join('')).length <= 80);
    }),
    { numRuns: 5_000 },
  );
});

test('a text is restored in linear time', () => {
  const settler = settleOriginals(originals);
  for (const piece of ['<', 'E', '<EMAIL_', 'EMAIL_1 ', '< EMAIL 1', '\\', '&lt;', 'EMAIL_', '1'.repeat(9)]) {
    const work = (count: number): number => {
      const text = piece.repeat(count);
      const startedMs = performance.now();
      settler.settle(text, 0, true);
      return performance.now() - startedMs;
    };
    const fastest = (count: number): number => Math.min(work(count), work(count), work(count));
    const [small, large] = [fastest(10_000), fastest(160_000)];
    // Sixteen times as much; quadratic would be 256 times.
    assert.ok(large < 100 * Math.max(small, 2), `${piece}: ${large} ms after ${small} ms`);
  }
});

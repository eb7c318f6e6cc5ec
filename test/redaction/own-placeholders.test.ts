import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Mode, createModes } from '../../src/redaction/modes.ts';
import { createOwnPlaceholders } from '../../src/redaction/own-placeholders.ts';

const modes = createModes({
  mode: 'pseudonymize',
  entities: [
    { name: 'PHONE', mode: 'mask' },
    { name: 'IBAN', mode: 'observe' },
  ],
  custom: [],
});
const add = createOwnPlaceholders(['EMAIL', 'CREDIT_CARD', 'PHONE', 'IBAN'], modes);

function foundIn(text: string, ...taken: readonly [entity: string, piece: string][]): string[] {
  const findings = taken.map(([entity, piece]) => {
    const from = text.indexOf(piece);
    return { entity, from, end: from + piece.length, score: 1 };
  });
  return add({ text, where: '', findings }).findings.map(
    ({ entity, from, end }) => `${entity} ${text.slice(from, end)}`,
  );
}

test('what would be restored is found, with whatever number, and as the whole that would be replaced', () => {
  assert.deepEqual(foundIn('Dear <EMAIL_1>, dear <email_70000123456>, dear EMAIL_3.'), [
    'EMAIL <EMAIL_1>',
    'EMAIL <email_70000123456>',
    'EMAIL EMAIL_3',
  ]);
  assert.deepEqual(foundIn('&lt;credit_card_1&gt; < CREDIT CARD 2 >'), [
    'CREDIT_CARD &lt;credit_card_1&gt;',
    'CREDIT_CARD < CREDIT CARD 2 >',
  ]);
});

test('what would be restored by nobody is left alone', () => {
  for (const text of [
    '<EMAIL>',
    '<EMAIL_0>',
    'Email 1: hello',
    '<PHONE_1>',
    '<IBAN_1>',
    '<NAME_1>',
    'MY_EMAIL_1',
  ])
    assert.deepEqual(foundIn(text), [], text);
});

test('a finding ends a word, as the placeholder will that stands there', () => {
  assert.deepEqual(foundIn('xEMAIL_1'), []);
  assert.deepEqual(foundIn('xEMAIL_1', ['PHONE', 'x']), ['PHONE x', 'EMAIL EMAIL_1']);
  assert.deepEqual(foundIn('EMAIL_1x', ['PHONE', 'x']), ['EMAIL EMAIL_1', 'PHONE x']);
  assert.deepEqual(foundIn('<EMAIL_1>', ['PHONE', '<EMAIL_1>']), ['PHONE <EMAIL_1>']);
  assert.deepEqual(foundIn('xEMAIL_1', ['IBAN', 'x']), ['IBAN x'], 'what is observed stays as it is');
});

test('with nothing to pseudonymize nothing is found', () => {
  for (const mode of ['mask', 'hash', 'observe', 'block'] satisfies Mode[]) {
    const none = createOwnPlaceholders(['EMAIL'], createModes({ mode, entities: [], custom: [] }));
    assert.deepEqual(none({ text: '<EMAIL_1>', where: '', findings: [] }).findings, []);
  }
});

test('a text is looked at in linear time', () => {
  for (const piece of ['<', 'EMAIL_', 'EMAIL_1 ', '< EMAIL 1', '\\', '&lt;', 'credit card ', '<EMAIL_1>']) {
    const work = (count: number): number => {
      const text = `${piece.repeat(count)} EMAIL_1`;
      const startedMs = performance.now();
      add({ text, where: '', findings: [] });
      return performance.now() - startedMs;
    };
    const fastest = (count: number): number => Math.min(work(count), work(count), work(count));
    const [small, large] = [fastest(2_000), fastest(32_000)];
    // Sixteen times as much; quadratic would be 256 times.
    assert.ok(large < 100 * Math.max(small, 2), `${piece}: ${large} ms after ${small} ms`);
  }
});

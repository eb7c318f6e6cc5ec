import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { readEntries } from '../../../src/assistants/moving/read-entries.ts';

function entries(text: string): [number, unknown][] {
  return readEntries(Buffer.from(text)).map(({ line, value }) => [line, value]);
}

const [a, b] = [{ a: '],[{"\\' }, { b: [1, { c: null }] }];

test('objects are found in every form that a file may have, with their lines', () => {
  const [one, two] = [JSON.stringify(a), JSON.stringify(b)];
  assert.deepEqual(entries(`\n${one}`), [[2, a]]);
  assert.deepEqual(entries(`\n{\n"a": 1}\n`), [[2, { a: 1 }]]);
  assert.deepEqual(entries(`${one}\n\n${two}\n`), [
    [1, a],
    [3, b],
  ]);
  assert.deepEqual(entries(`${one}\r\n${two}\r\n`), [
    [1, a],
    [2, b],
  ]);
  assert.deepEqual(entries(`[${one},\n ${two}]`), [
    [1, a],
    [2, b],
  ]);
  assert.deepEqual(entries(`[\n\n${one}\n,\n${two}\n]`), [
    [3, a],
    [5, b],
  ]);
  assert.deepEqual(entries(JSON.stringify([{ x: 1 }, { y: 2 }], undefined, 2)), [
    [2, { x: 1 }],
    [5, { y: 2 }],
  ]);
  assert.deepEqual(entries(`{"object":"list",\n"has_more":false,\n"data":[${one},\n${two}]}`), [
    [3, a],
    [4, b],
  ]);
  assert.deepEqual(entries('[]'), []);
  assert.deepEqual(entries(''), []);
  assert.deepEqual(entries(' \n'), []);
  assert.deepEqual(entries('7'), [[1, 7]]);
});

test('what is no JSON spoils its line alone, or the file that is one value', () => {
  const one = JSON.stringify(a);
  assert.deepEqual(entries(`${one}\n{"b":\n${one}`), [
    [1, a],
    [2, undefined],
    [3, a],
  ]);
  assert.deepEqual(entries(`{"b":\n${one}`), [
    [1, undefined],
    [2, a],
  ]);
  assert.deepEqual(entries(`[\n${one},\n${one}\n`), [[1, undefined]]);
  assert.deepEqual(entries('{'), [[1, undefined]]);
});

test('an array reads as its elements, however it is written', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 1, '\t'), (values, indent) => {
      const written = JSON.parse(JSON.stringify(values)) as unknown[];
      const read = readEntries(Buffer.from(JSON.stringify(values, undefined, indent)));
      assert.deepEqual(
        read.map(({ value }) => value),
        written,
      );
    }),
  );
});

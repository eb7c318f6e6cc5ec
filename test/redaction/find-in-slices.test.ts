import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { createDetector } from '../../src/redaction/detect/create-detector.ts';
import { createSlicedFind } from '../../src/redaction/find-in-slices.ts';

const detector = createDetector();
const find = createSlicedFind(detector);

test('a long text is found in as a whole, wherever its slices end', async () => {
  const pieces = fc.constantFrom(
    'anna.schmidt@example.org ',
    'card 4111 1111 1111 1111, ',
    'and so on ',
    'é🙂 ',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { minLength: 6000, maxLength: 12_000 }), async (parts) => {
      const text = parts.join('');
      const [found] = await find([text]);
      assert.deepEqual(found, detector.find(text));
    }),
    { numRuns: 10 },
  );
});

test('others get their turn while a text without end is looked at', async () => {
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 0);
  await find(['4111 '.repeat(400_000)]);
  clearInterval(turning);
  assert.ok(turns > 10, `${turns} turns`);
});

test('short texts are looked at at once', async () => {
  const texts = ['a@b.example', '', 'nothing'];
  assert.deepEqual(
    (await find(texts)).map((found) => found.length),
    [1, 0, 0],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { createTextWindow } from '../../../src/redaction/uploads/text-window.ts';
import { findEmails, maskEmails, plainRedaction } from './plain-redaction.ts';

const sizes = { windowChars: 160, holdBackChars: 60, contextChars: 40, maxWindowChars: 1280 };

async function redactInPieces(
  pieces: readonly string[],
  redaction: Parameters<typeof createTextWindow>[0] = plainRedaction,
): Promise<string> {
  const window = createTextWindow(redaction, 'a file', sizes);
  let redacted = '';
  for (const piece of pieces) redacted += await window.push(piece);
  return redacted + (await window.end());
}

test('windows find what is in the whole text, wherever it is cut', async () => {
  const word = fc.constantFrom(
    'jane@doe.example',
    'x',
    ' ',
    '\n',
    'a word',
    '😀',
    '@',
    '.example',
    'b@c.example,',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(word, { maxLength: 200 }),
      fc.array(fc.nat(4), { minLength: 1 }),
      async (words, runs) => {
        const whole = words.join('');
        const pieces: string[] = [];
        for (let at = 0, turn = 0; at < words.length; turn += 1) {
          const length = runs[turn % runs.length]! + 1;
          pieces.push(words.slice(at, at + length).join(''));
          at += length;
        }
        assert.equal(await redactInPieces(pieces), maskEmails(whole));
      },
    ),
    { numRuns: 500 },
  );
});

test('a finding is seen with the words before it, also where these were passed on', async () => {
  const born = {
    find: (text: string) =>
      [...text.matchAll(/(?<=born on .{0,20})\d{4}-\d\d-\d\d/g)].map(({ 0: { length }, index }) => ({
        entity: 'DATE_OF_BIRTH',
        from: index,
        end: index + length,
        score: 1,
      })),
    replace: (found: readonly { entity: string }[]) => found.map(({ entity }) => `[${entity}]`),
  };
  for (let before = 0; before < 200; before += 1) {
    const text = `${'x'.repeat(before)} 1999-01-02 born on the day 1999-01-02 ${'y'.repeat(300)}`;
    const redacted = text.replace(/(?<=day )\S+/, '[DATE_OF_BIRTH]');
    assert.equal(await redactInPieces([text], born), redacted, `behind ${before}`);
  }
});

/** One finding from a `<` to the next `>`, of any length. */
const block = {
  find: (text: string) =>
    [...text.matchAll(/<[^>]*(>|$)/g)].map(({ 0: { length }, index }) => ({
      entity: 'BLOCK',
      from: index,
      end: index + length,
      score: 1,
    })),
  replace: (found: readonly { entity: string }[]) => found.map(({ entity }) => `[${entity}]`),
};

test('no character is passed on in halves', async () => {
  for (let before = 0; before < 4; before += 1) {
    const window = createTextWindow(plainRedaction, 'a file', sizes);
    const passed = [await window.push('x'.repeat(before) + '😀'.repeat(300)), await window.end()];
    assert.ok(
      passed.every((text) => text !== '' && text.isWellFormed()),
      `behind ${before}`,
    );
  }
});

test('what is longer than a window is replaced as one', async () => {
  for (const length of [100, 159, 160, 161, 600, 1000]) {
    const text = `a <${'x'.repeat(length)}> b <y> ${'c'.repeat(length)}`;
    assert.equal(await redactInPieces([...text], block), `a [BLOCK] b [BLOCK] ${'c'.repeat(length)}`);
  }
});

test('what is longer than the largest window is refused, and nothing of it has been passed on', async () => {
  const window = createTextWindow(block, 'a file', sizes);
  const passed = [await window.push('a <')];
  await assert.rejects(async () => {
    for (let piece = 0; piece < 100; piece += 1) passed.push(await window.push('x'.repeat(50)));
  }, /BLOCK in a file is too long/);
  assert.ok(!passed.join('').includes('<'));
});

test('time grows with the text alone, whatever is in it', async () => {
  let looked = 0;
  const counting = {
    ...plainRedaction,
    find: (text: string) => {
      looked += text.length;
      return findEmails(text);
    },
  };
  for (const letter of ['x', '\n', '@', '😀']) {
    looked = 0;
    const text = letter.repeat(20_000);
    assert.equal(await redactInPieces([text], counting), text);
    assert.ok(looked < 4 * text.length, `${looked} of ${text.length}`);
  }
});

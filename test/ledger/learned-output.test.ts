import assert from 'node:assert/strict';
import { test } from 'node:test';

import { learnOutput } from '../../src/ledger/learned-output.ts';

test('nothing is usual before enough calls were seen', () => {
  const learned = learnOutput();
  for (let index = 0; index < 19; index += 1) learned.learn('chat', 100);
  assert.equal(learned.usualTokens('chat'), undefined);
  learned.learn('chat', 100);
  assert.equal(learned.usualTokens('chat'), 100);
  assert.equal(learned.usualTokens('another kind'), undefined);
});

test('the usual is what 95 of 100 calls stay within', () => {
  const learned = learnOutput();
  for (let index = 1; index <= 100; index += 1) learned.learn('chat', index);
  assert.equal(learned.usualTokens('chat'), 95);
});

test('what was usual long ago is forgotten', () => {
  const learned = learnOutput();
  for (let index = 0; index < 200; index += 1) learned.learn('chat', 1000);
  for (let index = 0; index < 200; index += 1) learned.learn('chat', 10);
  assert.equal(learned.usualTokens('chat'), 10);
});

test('callers that make up kinds fill no memory', () => {
  const learned = learnOutput();
  for (let kind = 0; kind < 5000; kind += 1) learned.learn(`kind-${kind}`, 1);
  for (let index = 0; index < 20; index += 1) learned.learn('kind-0', 7);
  assert.equal(learned.usualTokens('kind-0'), 7);
});

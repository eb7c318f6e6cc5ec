import assert from 'node:assert/strict';
import { test } from 'node:test';

import { afterThisTurn } from '../src/after-this-turn.ts';

test('work waits for all that is ready in this turn, and keeps its order', async () => {
  const done: string[] = [];
  const note = (what: string) => () => void done.push(what);
  afterThisTurn(note('first work'));
  afterThisTurn(() => {
    done.push('second work');
    afterThisTurn(note('work of work'));
  });
  await Promise.resolve().then(note('what was ready'));
  await new Promise(setImmediate);
  assert.deepEqual(done, ['what was ready', 'first work', 'second work']);
  await new Promise(setImmediate);
  assert.deepEqual(done.slice(3), ['work of work']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createProgress } from '../../../src/assistants/moving/progress.ts';

function shown(isTerminal: boolean): string {
  let text = '';
  let nowMs = 0;
  const progress = createProgress({ write: (more) => (text += more), isTerminal, nowMs: () => nowMs });
  for (let done = 1; done <= 40; done++) {
    nowMs += 50;
    progress.update(done, 40);
  }
  progress.clear();
  return text;
}

test('a terminal gets a bar that is drawn over, and cleared at the end', () => {
  const text = shown(true);
  assert.ok(text.startsWith(`\r[==${' '.repeat(38)}] 2 of 40\r[`), text);
  assert.ok(text.endsWith(`[${'='.repeat(40)}] 40 of 40\r\u001b[K`), text);
  assert.ok(!text.includes('\n'));
});

test('elsewhere there is a plain line a second', () => {
  assert.equal(shown(false), '20 of 40\n40 of 40\n');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seeAnswer } from '../../src/policies/capture-content.ts';
import { plainExchange } from '../harness/exchange.ts';

const longestText = 16_384;

/** What is told of an answer, and how long the longest text was that was looked at for it. */
function toldOf(answer: object) {
  let longestLooked = 0;
  const hide = (text: string) => {
    longestLooked = Math.max(longestLooked, text.length);
    return text.replaceAll('jane@example.com', '[EMAIL]');
  };
  const reply = {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: () => ({ resume() {}, leave() {} }),
    finished: new Promise<never>(() => {}),
  };
  const seen = seeAnswer(plainExchange(), reply, { hide })!;
  const sink = seen.tap({ write: () => true, end() {}, fail() {} });
  sink.write(Buffer.from(JSON.stringify(answer)));
  sink.end();
  return { told: String(seen.attributes()['gen_ai.output.messages']), longestLooked };
}

test('what tools answer, and what calls are named, is hidden in what is told, too', () => {
  const { told } = toldOf({
    output: [
      { type: 'function_call_output', call_id: 'call_1', output: 'It is jane@example.com' },
      {
        type: 'function_call',
        call_id: 'call_2',
        name: 'mail jane@example.com',
        arguments: '{"to":"jane@example.com"}',
      },
    ],
  });
  assert.ok(!told.includes('jane@'), told);
  assert.equal(told.match(/\[EMAIL\]/g)?.length, 3);
});

test('of a long answer no more is looked at than is told, and nothing is told that the cut hides from the look', () => {
  const text = `${'x '.repeat(longestText / 2 - 5)}jane@example.com ${'y '.repeat(400_000)}`;
  const { told, longestLooked } = toldOf({ choices: [{ message: { role: 'assistant', content: text } }] });
  assert.equal(longestLooked, longestText);
  assert.ok(!told.includes('jane'), told.slice(-100));
  assert.ok(told.includes('x x x'));
});

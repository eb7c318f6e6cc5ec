import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { RequiredFunctionCall, RunStatus } from '../../../src/assistants/wire.ts';
import { bytesOf, events, reset, silence, status } from './answers.ts';
import { type Answering, type Troubled, assertFailed, troubledRun } from './troubled-run.ts';

const backend = 'chatCompletions' as const;
const brokeOff = 'The upstream broke off before the answer was complete.';
const done = 'data: [DONE]\n\n';

function chunk(delta: object, finish_reason: string | null = null, more: object = {}) {
  const choices = [{ index: 0, delta, finish_reason }];
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', model: 'gpt-4o', choices, ...more };
}

const usageChunk = (usage: object = { prompt_tokens: 30, completion_tokens: 12, total_tokens: 42 }) => ({
  ...chunk({}),
  choices: [],
  usage,
});
const part = (index: number | undefined, id: string | undefined, name?: string, args = '') => ({
  tool_calls: [{ index, id, type: 'function', function: { name, arguments: args } }],
});

const asksForWeather = events(
  chunk(part(0, 'call_1', 'weather', '{"city":"Rome"}')),
  chunk({}, 'tool_calls'),
  usageChunk(),
  done,
);

const endless: Answering = async (answer) => {
  answer.writeHead(200, { 'content-type': 'text/event-stream' });
  while (!answer.destroyed) {
    answer.write(bytesOf(chunk({ content: 'More. ' })));
    await sleep(50);
  }
};

type Code = 'server_error' | 'rate_limit_exceeded' | 'invalid_prompt';

const failing: readonly [string, Answering, { code: Code; message?: string }][] = [
  ['answers 500', status(500, { message: 'Oops.' }), { code: 'server_error', message: 'Oops.' }],
  [
    'has no quota left',
    status(429, { message: 'No quota.' }),
    { code: 'rate_limit_exceeded', message: 'No quota.' },
  ],
  ['resets the connection', reset, { code: 'server_error' }],
  ['never answers', silence, { code: 'server_error' }],
  [
    'ends without a finish_reason',
    events(chunk({ content: 'Hi' })),
    { code: 'server_error', message: brokeOff },
  ],
  [
    'says that it is done, and not why',
    events(chunk({ content: 'Hi' }), done),
    { code: 'server_error', message: brokeOff },
  ],
  [
    'streams garbage',
    events('data: {]\n\n', '\u0000\n\n', 'data: 17\n\n', done),
    { code: 'server_error', message: brokeOff },
  ],
  [
    'streams what is no UTF-8',
    events(Buffer.from('data: {"choices":"\xff"}\n\n', 'latin1')),
    { code: 'server_error', message: brokeOff },
  ],
  [
    'streams an event of 20 MB',
    events(chunk({ content: 'x'.repeat(20_000_000) })),
    { code: 'server_error', message: brokeOff },
  ],
  [
    'tells an error in its stream',
    events(chunk({ content: 'H' }), { error: { message: 'Oops.' } }),
    { code: 'server_error', message: 'Oops.' },
  ],
  [
    'filters the answer',
    events(chunk({ content: 'H' }), chunk({}, 'content_filter'), done),
    { code: 'server_error' },
  ],
  [
    'stops for a reason that nobody knows',
    events(chunk({ content: 'H' }), chunk({}, 'bored'), done),
    { code: 'server_error' },
  ],
];

/** What did not run may be sent again, three times in all; all else is asked for once. */
const callsOf = (title: string) => (/^answers 500$|quota/.test(title) ? 3 : 1);

for (const [title, answering, error] of failing) {
  test(`an engine that ${title} in the middle of a tool loop fails the run`, async (t) => {
    const troubled = await troubledRun(t, [asksForWeather, answering], { backend, submits: 1 });
    assertFailed(troubled, error);
    assert.equal(troubled.calls.length, 1 + callsOf(title));
    assert.ok(troubled.run.usage!.total_tokens >= 42);
  });
}

test('a run whose engine never ends expires', async (t) => {
  const env = { ASSISTANT_PROXY_ASSISTANTS_EXPIRE_AFTER_SECONDS: '1' };
  const { run, messages } = await troubledRun(t, [endless], { backend, env });
  assert.equal(run.status, 'expired');
  assert.deepEqual(messages[0]?.incomplete_details, { reason: 'run_expired' });
});

const strange: readonly [string, Answering, RunStatus, (troubled: Troubled) => void][] = [
  [
    'sends no usage',
    events(chunk({ content: 'Hi' }), chunk({}, 'stop'), done),
    'completed',
    ({ run }) => assert.equal(run.usage?.total_tokens, 0),
  ],
  [
    'claims more usage than there can be',
    events(
      chunk({ content: 'Hi' }),
      chunk({}, 'stop'),
      usageChunk({ prompt_tokens: 1e15, completion_tokens: 1 }),
      done,
    ),
    'completed',
    ({ run, usedTokens }) => assert.deepEqual([run.usage?.total_tokens, usedTokens < 100_000], [0, true]),
  ],
  [
    'never says that it is done',
    events(chunk({ content: 'Hi' }), chunk({}, 'stop'), usageChunk()),
    'completed',
    ({ run, usedTokens }) => assert.deepEqual([run.usage?.total_tokens, usedTokens], [42, 42]),
  ],
  [
    'answers with another model',
    events(chunk({ content: 'Hi' }, 'stop', { model: 'other' }), usageChunk(), done),
    'completed',
    ({ run }) => assert.equal(run.model, 'gpt-4o'),
  ],
  [
    'says nothing',
    events(chunk({}, 'stop'), usageChunk(), done),
    'completed',
    ({ messages }) => assert.deepEqual(messages, []),
  ],
  [
    'refuses',
    events(chunk({ refusal: 'No.' }), chunk({}, 'stop'), usageChunk(), done),
    'completed',
    ({ messages: [only] }) => assert.deepEqual(only?.content, [{ type: 'refusal', refusal: 'No.' }]),
  ],
  [
    'sends the pieces of its calls out of order',
    events(
      chunk(part(0, 'call_1', 'weather', '{"n":')),
      chunk(part(1, 'call_2', 'weather', '{"n":')),
      chunk(part(0, undefined, undefined, '1}')),
      chunk(part(1, undefined, undefined, '2}')),
      chunk({}, 'tool_calls'),
      usageChunk(),
      done,
    ),
    'requires_action',
    (troubled) =>
      assert.deepEqual(
        askedBy(troubled).map(({ function: called }) => called.arguments),
        ['{"n":1}', '{"n":2}'],
      ),
  ],
  [
    'gives its calls no ids, and no index',
    events(
      chunk(part(undefined, undefined, 'weather', '{}')),
      chunk(part(undefined, undefined, 'weather', '{}')),
      chunk({}, 'tool_calls'),
      usageChunk(),
      done,
    ),
    'requires_action',
    (troubled) => assert.equal(new Set(askedBy(troubled).map(({ id }) => id)).size, 2),
  ],
  [
    'gives two calls the same id',
    events(
      chunk(part(0, 'call_1', 'weather', '{}')),
      chunk(part(1, 'call_1', 'weather', '{}')),
      chunk({}, 'tool_calls'),
      usageChunk(),
      done,
    ),
    'requires_action',
    (troubled) => assert.equal(new Set(askedBy(troubled).map(({ id }) => id)).size, 2),
  ],
  [
    'calls a function without a name',
    events(chunk(part(0, 'call_1', '', '{}')), chunk({}, 'tool_calls'), usageChunk(), done),
    'completed',
    ({ steps }) => assert.deepEqual(steps, []),
  ],
  [
    'calls what was not offered, with arguments that are no JSON',
    events(chunk(part(0, 'call_1', 'launch', '{"x"')), chunk({}, 'tool_calls'), usageChunk(), done),
    'requires_action',
    (troubled) =>
      assert.deepEqual(
        askedBy(troubled).map(({ function: called }) => called),
        [{ name: 'launch', arguments: '{"x"' }],
      ),
  ],
  [
    'is cut by its own limit',
    events(chunk({ content: 'Hel' }), chunk({}, 'length'), usageChunk(), done),
    'incomplete',
    ({ run }) => assert.deepEqual(run.incomplete_details, { reason: 'max_completion_tokens' }),
  ],
];

for (const [title, answering, ending, check] of strange) {
  test(`a run whose engine ${title} is ${ending}`, async (t) => {
    const troubled = await troubledRun(t, [answering], { backend });
    assert.equal(troubled.run.status, ending, JSON.stringify(troubled.run.last_error));
    check(troubled);
  });
}

function askedBy({ run }: Troubled): RequiredFunctionCall[] {
  return run.required_action!.submit_tool_outputs.tool_calls;
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { RunStatus } from '../../../src/assistants/wire.ts';
import {
  completed,
  created,
  inProgress,
  itemEvents,
  message,
  response,
  runUsage,
  textPart,
  usage,
} from '../models/response-fixtures.ts';
import {
  answerOf,
  asksForWeather,
  bytesOf,
  call,
  events,
  reset,
  saysHi,
  silence,
  status,
  wholeEvents,
} from './answers.ts';
import { type Answering, assertFailed, troubledRun } from './troubled-run.ts';

const brokeOff = 'The upstream broke off before the answer was complete.';
const quota = 'You exceeded your current quota.';

/** A text that begins, and goes on for ever. */
const endless: Answering = async (answer) => {
  answer.writeHead(200, { 'content-type': 'text/event-stream' });
  const [begun, added] = [created, itemEvents(message(textPart('')), 0)[0]!];
  answer.write(`${bytesOf(begun) as string}${bytesOf(added) as string}`);
  const delta = { type: 'response.output_text.delta', output_index: 0, item_id: 'msg_1', content_index: 0 };
  while (!answer.destroyed) {
    answer.write(bytesOf({ ...delta, delta: 'More. ' }));
    await sleep(50);
  }
};

const failing: readonly [
  string,
  Answering,
  { code: 'server_error' | 'rate_limit_exceeded' | 'invalid_prompt'; message?: string },
][] = [
  ['answers 500', status(500, { message: 'Oops.' }), { code: 'server_error', message: 'Oops.' }],
  [
    'has no quota left',
    status(429, { message: quota, type: 'insufficient_quota', code: 'insufficient_quota' }),
    { code: 'rate_limit_exceeded', message: quota },
  ],
  [
    'refuses the key',
    status(401, { message: 'Wrong key: sk-st****.' }),
    { code: 'server_error', message: "The upstream refused the sidecar's key (401)." },
  ],
  [
    'refuses the prompt',
    status(400, { message: 'Too long.' }),
    { code: 'invalid_prompt', message: 'Too long.' },
  ],
  [
    'answers an error that is no JSON',
    (answer) => answer.writeHead(503).end('<html>'),
    { code: 'server_error', message: 'The upstream answered with status 503.' },
  ],
  ['resets the connection', reset, { code: 'server_error' }],
  ['never answers', silence, { code: 'server_error' }],
  ['closes after response.created', events(created), { code: 'server_error', message: brokeOff }],
  [
    'pauses for too long',
    (answer) => void answer.writeHead(200, { 'content-type': 'text/event-stream' }).write(bytesOf(created)),
    { code: 'server_error', message: brokeOff },
  ],
  [
    'breaks off in the middle of its text',
    async (answer) => {
      answer.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const event of wholeEvents(message(textPart('Hello there'))).slice(0, 4))
        answer.write(bytesOf(event));
      await sleep(50);
      answer.socket?.resetAndDestroy();
    },
    { code: 'server_error', message: brokeOff },
  ],
  [
    'streams garbage',
    events(
      'data: {]\n\n',
      '\n\n\n',
      'x'.repeat(5000),
      '\u0000\r\r\n\n',
      'data: 17\n\n',
      'data: null\n\n',
      'data: []\n\n',
    ),
    { code: 'server_error', message: brokeOff },
  ],
  [
    'streams what is no UTF-8',
    events(Buffer.from('data: {"type":"response.created","x":"\xff\xfe"}\n\n', 'latin1')),
    { code: 'server_error', message: brokeOff },
  ],
  [
    'streams an event of 20 MB',
    events(created, { type: 'response.output_text.delta', delta: 'x'.repeat(20_000_000) }),
    { code: 'server_error', message: brokeOff },
  ],
  [
    'answers JSON that is no response',
    (answer) => answer.writeHead(200, { 'content-type': 'application/json' }).end('{"x":1}'),
    { code: 'server_error' },
  ],
  ['answers nothing', (answer) => answer.writeHead(200).end(), { code: 'server_error' }],
  [
    'tells an error in its stream',
    events(created, { type: 'error', code: 'server_error', message: 'Oops.' }),
    { code: 'server_error', message: 'Oops.' },
  ],
  [
    'cancels the response',
    events(created, { type: 'response.completed', response: response('cancelled', []) }),
    { code: 'server_error' },
  ],
  [
    'filters the answer',
    events(created, {
      type: 'response.incomplete',
      response: response('incomplete', [], { incomplete_details: { reason: 'content_filter' } }),
    }),
    { code: 'server_error' },
  ],
];

/** What did not run may be sent again, three times in all; all else is asked for once. */
const callsOf = (title: string) => (title === 'answers 500' ? 3 : 1);

for (const [title, answering, error] of failing) {
  test(`an upstream that ${title} fails the run`, async (t) => {
    const troubled = await troubledRun(t, [answering]);
    assertFailed(troubled, error);
    assert.equal(troubled.calls.length, callsOf(title));
  });

  test(`an upstream that ${title} in the middle of a tool loop fails the run`, async (t) => {
    const troubled = await troubledRun(t, [asksForWeather, answering], { submits: 1 });
    assertFailed(troubled, error);
    assert.equal(troubled.calls.length, 1 + callsOf(title));
    const [asked] = troubled.steps;
    assert.deepEqual([asked?.status, asked?.usage], ['completed', runUsage]);
    assert.ok(troubled.run.usage!.total_tokens >= runUsage.total_tokens);
  });
}

test('a run outlives failures that are gone with the next attempt', async (t) => {
  const { run, calls, usedTokens } = await troubledRun(
    t,
    [
      status(500, { message: 'Oops.' }),
      asksForWeather,
      status(503, { message: 'Busy.', code: 'server_is_overloaded' }),
      saysHi,
    ],
    { submits: 1 },
  );
  assert.deepEqual([run.status, calls.length], ['completed', 4]);
  assert.equal(usedTokens, run.usage!.total_tokens);
});

for (const [title, answering] of [
  ['never ends', endless],
  ['never answers', silence],
] as const) {
  test(`a run whose upstream ${title} expires`, async (t) => {
    const env = {
      ASSISTANT_PROXY_UPSTREAM_HEADERS_TIMEOUT_MS: '60000',
      ASSISTANT_PROXY_ASSISTANTS_EXPIRE_AFTER_SECONDS: '1',
    };
    const { run, messages, steps } = await troubledRun(t, [answering], { env });
    assert.equal(run.status, 'expired');
    assert.equal(run.last_error, null);
    assert.deepEqual(
      messages.map((one) => one.incomplete_details),
      title === 'never ends' ? [{ reason: 'run_expired' }] : [],
    );
    assert.deepEqual(
      steps.map((one) => one.status),
      title === 'never ends' ? ['expired'] : [],
    );
  });
}

const twoMessages = [message(textPart('One')), { ...message(textPart('Two')), id: 'msg_2' }];

const strange: readonly [
  string,
  Answering,
  RunStatus,
  (troubled: Awaited<ReturnType<typeof troubledRun>>) => void,
][] = [
  [
    'answers with another model',
    events(
      ...wholeEvents(message(textPart('Hi'))).map(
        (event) => JSON.parse(JSON.stringify(event).replaceAll('gpt-4o', 'other')) as object,
      ),
    ),
    'completed',
    ({ run }) => assert.deepEqual([run.model, run.usage], ['gpt-4o', runUsage]),
  ],
  [
    'tells each event twice',
    events(...wholeEvents(message(textPart('Hi'))).flatMap((event) => [event, event])),
    'completed',
    ({ messages }) => assert.equal(messages.length, 1),
  ],
  [
    'tells each event of a call twice',
    events(...wholeEvents(call('call_1', '{}')).flatMap((event) => [event, event])),
    'requires_action',
    ({ run }) => assert.equal(run.required_action?.submit_tool_outputs.tool_calls.length, 1),
  ],
  [
    'gives two items the same id',
    answerOf(message(textPart('One')), message(textPart('Two'))),
    'completed',
    ({ messages }) => assert.deepEqual(messages.map(textsOf), [['One'], ['Two']]),
  ],
  [
    'sends two messages',
    answerOf(...twoMessages),
    'completed',
    ({ messages, steps }) => {
      assert.deepEqual(messages.map(textsOf), [['One'], ['Two']]);
      assert.deepEqual(
        steps.map((step) => step.usage?.total_tokens),
        [0, 42],
      );
    },
  ],
  [
    'sends a message after a call',
    answerOf(call('call_1', '{}'), message(textPart('Wait.'))),
    'requires_action',
    ({ messages }) => assert.deepEqual(messages.map(textsOf), [['Wait.']]),
  ],
  [
    'sends no usage',
    events(created, ...itemEvents(message(textPart('Hi')), 0), {
      type: 'response.completed',
      response: response('completed', [message(textPart('Hi'))], { usage: null }),
    }),
    'completed',
    ({ run }) => assert.equal(run.usage?.total_tokens, 0),
  ],
  [
    'claims more usage than there can be',
    events(created, ...itemEvents(message(textPart('Hi')), 0), {
      type: 'response.completed',
      response: response('completed', [message(textPart('Hi'))], {
        usage: { ...usage, output_tokens: 1e15, total_tokens: 1e15 },
      }),
    }),
    'completed',
    ({ run, usedTokens }) => {
      assert.equal(run.usage?.total_tokens, 0);
      assert.ok(usedTokens < 100_000);
    },
  ],
  [
    'refuses',
    answerOf(message({ type: 'refusal', refusal: 'No.' })),
    'completed',
    ({ messages: [only] }) => assert.deepEqual(only?.content, [{ type: 'refusal', refusal: 'No.' }]),
  ],
  [
    'says nothing',
    events(created, completed()),
    'completed',
    ({ messages }) => assert.equal(messages.length, 0),
  ],
  [
    'says an empty text',
    answerOf(message(textPart(''))),
    'completed',
    ({ messages }) => assert.equal(messages.length, 1),
  ],
  [
    'calls without an id',
    events(
      created,
      ...itemEvents({ ...call('call_1', '{}'), call_id: undefined }, 0),
      completed({ ...call('call_1', '{}'), call_id: undefined }),
    ),
    'requires_action',
    ({ run }) => assert.equal(run.required_action?.submit_tool_outputs.tool_calls[0]?.id, 'fc_call_1'),
  ],
  [
    'calls a function without a name',
    answerOf(call('call_1', '{}', { name: '' })),
    'completed',
    ({ steps }) => assert.deepEqual(steps, []),
  ],
  [
    'calls with arguments that are no JSON',
    answerOf(call('call_1', '{"city":')),
    'requires_action',
    ({ run }) =>
      assert.equal(run.required_action?.submit_tool_outputs.tool_calls[0]?.function.arguments, '{"city":'),
  ],
  [
    'calls a function that was not offered',
    answerOf(call('call_1', '{}', { name: 'launch' })),
    'requires_action',
    ({ run }) =>
      assert.equal(run.required_action?.submit_tool_outputs.tool_calls[0]?.function.name, 'launch'),
  ],
  [
    'gives two calls the same id',
    answerOf(call('call_1', '{"n":1}'), call('call_1', '{"n":2}', { id: 'fc_2' })),
    'requires_action',
    ({ run }) => {
      const ids = run.required_action!.submit_tool_outputs.tool_calls.map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length);
    },
  ],
  [
    'begins with bytes that are no event',
    events(
      '\uFEFF: hello\n\n',
      'event: nonsense\ndata: 1\n\n',
      inProgress,
      ...wholeEvents(message(textPart('Hi'))),
    ),
    'completed',
    ({ messages }) => assert.deepEqual(messages.map(textsOf), [['Hi']]),
  ],
  [
    'answers as JSON',
    (answer) =>
      answer
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify(response('completed', [message(textPart('Hi'))]))),
    'completed',
    ({ run }) => assert.deepEqual(run.usage, runUsage),
  ],
];

for (const [title, answering, ending, check] of strange) {
  test(`a run whose upstream ${title} is ${ending}`, async (t) => {
    const troubled = await troubledRun(t, [answering]);
    assert.equal(troubled.run.status, ending, JSON.stringify(troubled.run.last_error));
    check(troubled);
  });
}

test('a run that an upstream sends round and round goes on as long as there are outputs', async (t) => {
  const { run, calls } = await troubledRun(t, [asksForWeather], { submits: 5 });
  assert.equal(run.status, 'requires_action');
  assert.equal(calls.length, 6);
});

test('a tool loop ends well when the upstream does', async (t) => {
  const { run, usedTokens } = await troubledRun(t, [asksForWeather, saysHi], { submits: 1 });
  assert.equal(run.status, 'completed');
  assert.equal(run.usage?.total_tokens, usedTokens);
});

function textsOf({ content }: { content: readonly unknown[] }): string[] {
  return content.map((part) => (part as { text?: { value: string } }).text?.value ?? '');
}

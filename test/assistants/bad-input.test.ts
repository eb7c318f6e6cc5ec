import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Run } from '../../src/assistants/wire.ts';
import { assistantsHeaders, postJson } from '../harness/governed.ts';
import { until } from '../harness/redis.ts';
import { startServed } from '../harness/served.ts';
import type { Sidecar } from '../harness/sidecar.ts';
import { get, post } from './upstreams/troubled-run.ts';

/** What the table's paths and messages may name. */
interface Ids {
  assistant: string;
  thread: string;
  message: string;
  /** Waits for outputs, and locks its thread. */
  waiting: string;
  waitingThread: string;
  calls: string[];
  ended: string;
}

type Row = readonly [
  title: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: (ids: Ids) => string,
  body: ((ids: Ids) => object) | undefined,
  status: number,
  expected: (ids: Ids) => { message: string; param?: string; code?: string },
];

const weather = (index: number) => ({ type: 'function', function: { name: `f${index}`, parameters: {} } });
const many = <Item>(count: number, make: (index: number) => Item) =>
  Array.from({ length: count }, (_, index) => make(index));
const pairs = (count: number) => Object.fromEntries(many(count, (index) => [`k${index}`, 'v']));
const outputs = (...ids: string[]) => ({
  tool_outputs: ids.map((id) => ({ tool_call_id: id, output: 'x' })),
});
const user = { role: 'user', content: 'Hi' };
const runsOf = ({ thread }: Ids) => `/threads/${thread}/runs`;
const waitingRun = ({ waitingThread, waiting }: Ids) => `/threads/${waitingThread}/runs/${waiting}`;
const asRun = (more: object) => (ids: Ids) => ({ assistant_id: ids.assistant, ...more });
const gone = (kind: string, id: string) => () => ({ message: `No ${kind} found with id '${id}'.` });
const named = (names: readonly string[]) => `[${names.map((name) => `'${name}'`).join(', ')}]`;
const expecting = (got: (ids: Ids) => string[]) => (ids: Ids) => ({
  message: `Expected tool outputs for call_ids ${named(ids.calls)}, got ${named(got(ids))}`,
});

const rows: readonly Row[] = [
  [
    'an unknown assistant',
    'GET',
    () => '/assistants/asst_none',
    undefined,
    404,
    gone('assistant', 'asst_none'),
  ],
  [
    'an unknown assistant to delete',
    'DELETE',
    () => '/assistants/asst_none',
    undefined,
    404,
    gone('assistant', 'asst_none'),
  ],
  ['an unknown thread', 'GET', () => '/threads/thread_none', undefined, 404, gone('thread', 'thread_none')],
  [
    'a message for an unknown thread',
    'POST',
    () => '/threads/thread_none/messages',
    () => user,
    404,
    gone('thread', 'thread_none'),
  ],
  [
    'an unknown message',
    'GET',
    ({ thread }) => `/threads/${thread}/messages/msg_none`,
    undefined,
    404,
    gone('message', 'msg_none'),
  ],
  ['an unknown run', 'GET', (ids) => `${runsOf(ids)}/run_none`, undefined, 404, gone('run', 'run_none')],
  [
    'an unknown run to cancel',
    'POST',
    (ids) => `${runsOf(ids)}/run_none/cancel`,
    undefined,
    404,
    gone('run', 'run_none'),
  ],
  [
    'an unknown run to modify',
    'POST',
    (ids) => `${runsOf(ids)}/run_none`,
    () => ({ metadata: {} }),
    404,
    gone('run', 'run_none'),
  ],
  [
    'a message to modify as a run',
    'POST',
    (ids) => `${runsOf(ids)}/${ids.message}`,
    () => ({ metadata: {} }),
    404,
    ({ message }) => gone('run', message)(),
  ],
  [
    'an unknown step',
    'GET',
    (ids) => `${runsOf(ids)}/${ids.ended}/steps/step_none`,
    undefined,
    404,
    gone('run step', 'step_none'),
  ],
  [
    'a run of an unknown assistant',
    'POST',
    runsOf,
    () => ({ assistant_id: 'asst_none' }),
    404,
    gone('assistant', 'asst_none'),
  ],
  [
    'a run in an unknown thread',
    'POST',
    () => '/threads/thread_none/runs',
    asRun({}),
    404,
    gone('thread', 'thread_none'),
  ],
  [
    'a cursor that names nothing',
    'GET',
    ({ thread }) => `/threads/${thread}/messages?after=msg_none`,
    undefined,
    404,
    gone('message', 'msg_none'),
  ],
  [
    'a run in another thread',
    'GET',
    ({ thread, waiting }) => `/threads/${thread}/runs/${waiting}`,
    undefined,
    404,
    ({ waiting }) => gone('run', waiting)(),
  ],

  [
    'a second run on a locked thread',
    'POST',
    ({ waitingThread }) => `/threads/${waitingThread}/runs`,
    asRun({}),
    400,
    ({ waitingThread, waiting }) => ({
      message: `Thread ${waitingThread} already has an active run ${waiting}.`,
    }),
  ],
  [
    'a message for a locked thread',
    'POST',
    ({ waitingThread }) => `/threads/${waitingThread}/messages`,
    () => user,
    400,
    ({ waitingThread, waiting }) => ({
      message: `Can't add messages to ${waitingThread} while a run ${waiting} is active.`,
    }),
  ],

  [
    'no tool outputs',
    'POST',
    (ids) => `${waitingRun(ids)}/submit_tool_outputs`,
    () => outputs(),
    400,
    expecting(() => []),
  ],
  [
    'too few tool outputs',
    'POST',
    (ids) => `${waitingRun(ids)}/submit_tool_outputs`,
    ({ calls }) => outputs(calls[0]!),
    400,
    expecting(({ calls }) => [calls[0]!]),
  ],
  [
    'an extra tool output',
    'POST',
    (ids) => `${waitingRun(ids)}/submit_tool_outputs`,
    ({ calls }) => outputs(...calls, 'call_x'),
    400,
    expecting(({ calls }) => [...calls, 'call_x']),
  ],
  [
    'the same tool output twice',
    'POST',
    (ids) => `${waitingRun(ids)}/submit_tool_outputs`,
    ({ calls }) => outputs(calls[0]!, calls[0]!),
    400,
    expecting(({ calls }) => [calls[0]!, calls[0]!]),
  ],
  [
    'tool outputs of another call',
    'POST',
    (ids) => `${waitingRun(ids)}/submit_tool_outputs`,
    ({ calls }) => outputs(calls[0]!, 'call_x'),
    400,
    expecting(({ calls }) => [calls[0]!, 'call_x']),
  ],
  [
    'tool outputs that are late',
    'POST',
    (ids) => `${runsOf(ids)}/${ids.ended}/submit_tool_outputs`,
    ({ calls }) => outputs(...calls),
    400,
    () => ({ message: 'Runs in status "completed" do not accept tool outputs.' }),
  ],
  [
    "tool outputs for another thread's run",
    'POST',
    (ids) => `${runsOf(ids)}/${ids.waiting}/submit_tool_outputs`,
    ({ calls }) => outputs(...calls),
    404,
    ({ waiting }) => gone('run', waiting)(),
  ],
  [
    'tool outputs for what is no run',
    'POST',
    (ids) => `${runsOf(ids)}/${ids.message}/submit_tool_outputs`,
    ({ calls }) => outputs(...calls),
    404,
    ({ message }) => gone('run', message)(),
  ],
  [
    'tool outputs without a list',
    'POST',
    (ids) => `${waitingRun(ids)}/submit_tool_outputs`,
    () => ({}),
    400,
    () => ({
      message: "Missing required parameter: 'tool_outputs'.",
      param: 'tool_outputs',
      code: 'missing_required_parameter',
    }),
  ],
  [
    'a run to cancel that has ended',
    'POST',
    (ids) => `${runsOf(ids)}/${ids.ended}/cancel`,
    undefined,
    400,
    () => ({ message: "Cannot cancel run with status 'completed'." }),
  ],

  [
    '21 tools of a run',
    'POST',
    runsOf,
    asRun({ tools: many(21, weather) }),
    400,
    () => ({
      message:
        "Invalid 'tools': array too long. Expected an array with maximum length 20, but got an array with length 21 instead.",
      param: 'tools',
      code: 'array_above_max_length',
    }),
  ],
  [
    '129 tools of an assistant',
    'POST',
    () => '/assistants',
    () => ({ model: 'gpt-4o', tools: many(129, weather) }),
    400,
    () => ({
      message:
        "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 129 instead.",
      param: 'tools',
      code: 'array_above_max_length',
    }),
  ],
  ...(['max_prompt_tokens', 'max_completion_tokens'] as const).map((cap): Row => [
    `a ${cap} of 255`,
    'POST',
    runsOf,
    asRun({ [cap]: 255 }),
    400,
    () => ({
      message: `Invalid '${cap}': integer below minimum value. Expected a value >= 256, but got 255 instead.`,
      param: cap,
      code: 'integer_below_min_value',
    }),
  ]),
  [
    'a cap that is no whole number',
    'POST',
    runsOf,
    asRun({ max_prompt_tokens: 256.5 }),
    400,
    () => ({
      message: "Invalid type for 'max_prompt_tokens': expected an integer, but got a decimal instead.",
      param: 'max_prompt_tokens',
      code: 'invalid_type',
    }),
  ],
  [
    '17 pairs of metadata',
    'POST',
    () => '/threads',
    () => ({ metadata: pairs(17) }),
    400,
    () => ({
      message:
        "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object with 17 properties instead.",
      param: 'metadata',
      code: 'object_above_max_properties',
    }),
  ],
  [
    'a metadata value of 513 characters',
    'POST',
    () => '/threads',
    () => ({ metadata: { a: 'x'.repeat(513) } }),
    400,
    () => ({
      message:
        "Invalid 'metadata.a': string too long. Expected a string with maximum length 512, but got a string with length 513 instead.",
      param: 'metadata.a',
      code: 'string_above_max_length',
    }),
  ],
  [
    'a metadata key of 65 characters',
    'POST',
    () => '/threads',
    () => ({ metadata: { ['k'.repeat(65)]: 'x' } }),
    400,
    () => ({
      message: `Invalid 'metadata.${'k'.repeat(64)}...': string too long. Expected a string with maximum length 64, but got a string with length 65 instead.`,
      param: `metadata.${'k'.repeat(64)}...`,
      code: 'string_above_max_length',
    }),
  ],
  [
    'metadata that is no text',
    'POST',
    runsOf,
    asRun({ metadata: { a: 1 } }),
    400,
    () => ({
      message: "Invalid type for 'metadata.a': expected a string, but got an integer instead.",
      param: 'metadata.a',
      code: 'invalid_type',
    }),
  ],
  [
    'an unknown parameter',
    'POST',
    runsOf,
    asRun({ colour: 'red' }),
    400,
    () => ({ message: "Unknown parameter: 'colour'.", param: 'colour', code: 'unknown_parameter' }),
  ],
  [
    'a run without an assistant',
    'POST',
    runsOf,
    () => ({}),
    400,
    () => ({
      message: "Missing required parameter: 'assistant_id'.",
      param: 'assistant_id',
      code: 'missing_required_parameter',
    }),
  ],
  [
    'a page of 101',
    'GET',
    ({ thread }) => `/threads/${thread}/messages?limit=101`,
    undefined,
    400,
    () => ({
      message: "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead.",
      param: 'limit',
      code: 'integer_above_max_value',
    }),
  ],
  [
    'a page of none',
    'GET',
    () => '/assistants?limit=0',
    undefined,
    400,
    () => ({
      message: "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.",
      param: 'limit',
      code: 'integer_below_min_value',
    }),
  ],
];

test('bad input is answered in the words of the API, and harms no run', async (t) => {
  const { sidecar } = await startServed(t, { backend: 'responses' });
  const ids = await createIds(sidecar);

  for (const [title, method, path, body, status, expected] of rows) {
    await t.test(`${title} is answered with ${status}`, async () => {
      const { message, param = null, code = null } = expected(ids);
      const answer = await fetch(`${sidecar.url}${path(ids)}`, {
        method,
        headers: { ...assistantsHeaders, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body(ids)) }),
      });
      const error = { message, type: 'invalid_request_error', param, code };
      assert.deepEqual([answer.status, await answer.json()], [status, { error }]);
    });
  }

  await t.test('after all of it the run still waits, takes its outputs once, and ends', async () => {
    const at = waitingRun(ids);
    const right = outputs(...ids.calls);
    assert.equal((await get<Run>(sidecar, at)).status, 'requires_action');
    await post(sidecar, `${at}/submit_tool_outputs`, right);
    const again = await postJson(`${sidecar.url}${at}/submit_tool_outputs`, right);
    assert.equal(again.status, 400);
    await until(async () => (await get<Run>(sidecar, at)).status === 'completed');
    const logged = sidecar.logLines();
    assert.ok(logged.every(({ status, level }) => !(Number(status) >= 500) && level !== 'error'));
  });
});

async function createIds(sidecar: Sidecar): Promise<Ids> {
  const assistant = await post<{ id: string }>(sidecar, '/assistants', {
    model: 'gpt-4o',
    tools: [weather(0)],
  });
  const begin = async (said: string) => {
    const thread = await post<{ id: string }>(sidecar, '/threads', {
      messages: [{ role: 'user', content: said }],
    });
    let run = await post<Run>(sidecar, `/threads/${thread.id}/runs`, { assistant_id: assistant.id });
    await until(async () => {
      run = await get<Run>(sidecar, `/threads/${thread.id}/runs/${run.id}`);
      return run.status === 'requires_action' || run.status === 'completed';
    });
    return run;
  };
  const ended = await begin('[[say:Hi]]');
  const waiting = await begin('[[tool:f0 {"a":1}]] [[tool:f0 {"a":2}]]');
  const { data } = await get<{ data: { id: string }[] }>(sidecar, `/threads/${ended.thread_id}/messages`);
  return {
    assistant: assistant.id,
    thread: ended.thread_id,
    message: data[0]!.id,
    ended: ended.id,
    waiting: waiting.id,
    waitingThread: waiting.thread_id,
    calls: waiting.required_action!.submit_tool_outputs.tool_calls.map(({ id }) => id),
  };
}

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ModelEvent } from '../../../src/assistants/models/model-call.ts';
import type { LegEnding } from '../../../src/assistants/runs/leg-ending.ts';
import { type Leg, createLeg } from '../../../src/assistants/runs/leg.ts';
import type { StreamEvent } from '../../../src/assistants/wire-events.ts';
import type { Run, Usage } from '../../../src/assistants/wire.ts';

const run = {
  id: 'run_1',
  assistant_id: 'asst_1',
  thread_id: 'thread_1',
  tools: [{ type: 'file_search' }],
} as unknown as Run;
const usage: Usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

function legWith(knownIds: string[] = [], includesSearchContent = false): Leg {
  let last = 0;
  const begun = knownIds.map((id) => ({ id, found: undefined }));
  const newId = (prefix: string) => `${prefix}${(last += 1)}`;
  return createLeg({ run, newId, nowSeconds: () => 7, begun, includesSearchContent });
}

function tell(leg: Leg, events: ModelEvent[], ending: LegEnding = { how: 'completed' }): StreamEvent[] {
  const told = events.flatMap((event) => leg.hear(event).events);
  return [...told, ...leg.close(ending, usage, 3).events];
}

const names = (events: StreamEvent[]) => events.map(({ event }) => event);
const hello: ModelEvent[] = [
  { type: 'messageBegun' },
  { type: 'text', text: 'Hel' },
  { type: 'text', text: 'lo' },
  { type: 'messageEnded' },
];
const weather: ModelEvent[] = [
  { type: 'functionCallBegun', callId: 'call_a', name: 'get_weather' },
  { type: 'arguments', callId: 'call_a', text: '{"city":' },
  { type: 'arguments', callId: 'call_a', text: '"Rome"}' },
  { type: 'functionCallEnded', callId: 'call_a' },
];
const messageEvents = [
  'thread.run.step.created',
  'thread.run.step.in_progress',
  'thread.message.created',
  'thread.message.in_progress',
  'thread.message.delta',
  'thread.message.delta',
  'thread.message.completed',
  'thread.run.step.completed',
];

test('a message is a step, told piece by piece, and has the usage of the call', () => {
  const events = tell(legWith(), hello);
  assert.deepEqual(names(events), messageEvents);
  const [message, step] = events.slice(-2).map(({ data }) => data as unknown as Record<string, unknown>);
  assert.deepEqual(message!['content'], [{ type: 'text', text: { value: 'Hello', annotations: [] } }]);
  assert.deepEqual(step!['usage'], usage);
});

test('functions that are called wait in their step, which keeps their arguments', () => {
  const leg = legWith();
  const events = tell(leg, weather);
  assert.equal(
    events.some(({ event }) => event === 'thread.run.step.completed'),
    false,
  );
  const called = { name: 'get_weather', arguments: '{"city":"Rome"}' };
  assert.deepEqual(leg.calls(), [{ id: 'call_a', type: 'function', function: called }]);
  assert.deepEqual(leg.awaited()!.step_details, {
    type: 'tool_calls',
    tool_calls: [{ id: 'call_a', type: 'function', function: { ...called, output: null } }],
  });
  assert.deepEqual(leg.turns(), [{ type: 'call', callId: 'call_a', ...called }]);
});

test('a message ahead of functions has no usage: their step gets it with the outputs', () => {
  const events = tell(legWith(), [...hello, ...weather]);
  const completed = events.find(({ event }) => event === 'thread.run.step.completed')!;
  assert.equal((completed.data as { usage: Usage }).usage.total_tokens, 0);
});

test('consecutive calls of built-in tools are one step, ahead of the message', () => {
  const builtIn: ModelEvent[] = [
    { type: 'searchEnded', results: [{ file_id: 'f', file_name: 'n', score: 1, content: [] }] },
    { type: 'codeBegun' },
    { type: 'code', text: 'print(1)' },
    { type: 'codeEnded', outputs: [{ type: 'logs', logs: '1' }], containerId: 'cntr_1' },
  ];
  const events = tell(legWith(), [...builtIn, ...hello]);
  assert.deepEqual(names(events), [
    'thread.run.step.created',
    'thread.run.step.in_progress',
    ...Array.from({ length: 4 }, () => 'thread.run.step.delta'),
    'thread.run.step.completed',
    ...messageEvents,
  ]);
  const { step_details: details } = events[6]!.data as { step_details: { tool_calls: object[] } };
  const ranking_options = { ranker: 'default_2024_08_21', score_threshold: 0 };
  const results = [{ file_id: 'f', file_name: 'n', score: 1 }];
  assert.deepEqual(details.tool_calls[0], {
    id: 'call_2',
    type: 'file_search',
    file_search: { ranking_options, results },
  });
});

test('a citation is a marker in the text, which applications can put something else in place of', () => {
  const [cited] = tell(legWith(), [...hello.slice(0, 3), { type: 'citation', fileId: 'file_1' }]).slice(-2);
  const { content } = cited!.data as {
    content: { text: { value: string; annotations: { text: string }[] } }[];
  };
  const { value, annotations } = content[0]!.text;
  assert.equal(value, 'Hello【0:0†source】');
  assert.deepEqual(annotations, [
    {
      type: 'file_citation',
      text: '【0:0†source】',
      start_index: 5,
      end_index: 17,
      file_citation: { file_id: 'file_1' },
    },
  ]);
  assert.equal(value.replace(annotations[0]!.text, '[1]'), 'Hello[1]');
});

test('a file that code wrote is a path where the text quotes it, a link where it does not, a picture if it is one', () => {
  const file = (name: string, quote?: string): ModelEvent => ({
    type: 'file',
    fileId: `cfile_${name}`,
    containerId: 'cntr_1',
    name,
    ...(quote && { quote }),
  });
  const link = 'sandbox:/mnt/data/a.csv';
  const events = tell(legWith(), [
    { type: 'text', text: `See [it](${link}).` },
    file('a.csv', link),
    file('b.csv'),
    file('c.png'),
  ]);
  const { content } = events.at(-2)!.data as { content: unknown[] };
  const value = `See [it](${link}).\n[b.csv](sandbox:/mnt/data/b.csv)`;
  const at = (text: string) => ({
    start_index: value.lastIndexOf(text),
    end_index: value.lastIndexOf(text) + text.length,
  });
  const path = (text: string, file_id: string) => ({
    type: 'file_path',
    text,
    ...at(text),
    file_path: { file_id },
  });
  assert.deepEqual(content, [
    {
      type: 'text',
      text: {
        value,
        annotations: [path(link, 'cfile_a.csv'), path('sandbox:/mnt/data/b.csv', 'cfile_b.csv')],
      },
    },
    { type: 'image_file', image_file: { file_id: 'cfile_c.png' } },
  ]);
});

test('the cap leaves a message incomplete, and of one without a word nothing', () => {
  assert.deepEqual(names(tell(legWith(), hello, { how: 'cut' })).slice(-2), [
    'thread.message.incomplete',
    'thread.run.step.completed',
  ]);
  assert.deepEqual(tell(legWith(), [{ type: 'messageBegun' }], { how: 'cut' }), []);
});

test('an empty message of a call that completed is there all the same', () => {
  const events = tell(legWith(), [{ type: 'messageBegun' }, { type: 'messageEnded' }]);
  assert.ok(names(events).includes('thread.message.completed'));
});

for (const how of ['cancelled', 'expired'] as const) {
  test(`what is open when a run is ${how} ends with it`, () => {
    const [message, step] = tell(legWith(), hello, { how }).slice(-2);
    assert.equal(
      (message!.data as { incomplete_details: { reason: string } }).incomplete_details.reason,
      `run_${how}`,
    );
    assert.equal(step!.event, `thread.run.step.${how}`);
  });
}

test('a call that is told a second time gives its documents the ids that they had', () => {
  const first = legWith();
  tell(first, [...hello, ...weather]);
  const second = legWith(first.documentIds());
  tell(second, [...hello, ...weather]);
  assert.deepEqual(second.documentIds(), first.documentIds());
});

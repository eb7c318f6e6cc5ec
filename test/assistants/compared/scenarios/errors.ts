import assert from 'node:assert/strict';

import type OpenAI from 'openai';

import {
  callsOf,
  createAssistant,
  failureOf,
  fast,
  outputsFor,
  threadSaying,
  weatherTool,
} from '../applications.ts';
import type { Scenario } from '../scenario.ts';

const assistant_id = 'asst_none';
const thread_id = 'thread_none';
const run_id = 'run_none';

type Calls = (client: OpenAI) => Record<string, () => PromiseLike<unknown>>;

/** Calls that all fail, each by itself. */
function failing(title: string, calls: Calls): Scenario {
  return {
    title,
    async run(client) {
      const failures: Record<string, unknown> = {};
      for (const [name, call] of Object.entries(calls(client))) {
        const { message, param, ...failure } = await failureOf(call());
        // The sidecar quotes only the first 64 characters of a name.
        failures[name] = name.endsWith('(shape)') ? failure : { message, param, ...failure };
      }
      assert.ok(Object.keys(failures).length > 0);
      return failures;
    },
  };
}

/** What the SDK's types forbid, and applications in other languages send. */
const wrong = (body: object) => body as never;
const tools = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    type: 'function' as const,
    function: { name: `f${index}`, parameters: {} },
  }));
const pairs = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']));

export const errorScenarios: readonly Scenario[] = [
  failing('unknown ids are answered in the words of the API', ({ beta: { assistants, threads } }) => ({
    'get assistant': () => assistants.retrieve(assistant_id),
    'update assistant': () => assistants.update(assistant_id, { name: 'x' }),
    'delete assistant': () => assistants.delete(assistant_id),
    'get thread': () => threads.retrieve(thread_id),
    'update thread': () => threads.update(thread_id, {}),
    'delete thread': () => threads.delete(thread_id),
    'list messages': () => threads.messages.list(thread_id),
    'create message': () => threads.messages.create(thread_id, { role: 'user', content: 'x' }),
    'get message': () => threads.messages.retrieve('msg_none', { thread_id }),
    'list runs': () => threads.runs.list(thread_id),
    'create run': () => threads.runs.create(thread_id, { assistant_id }),
    'stream run': () => threads.runs.stream(thread_id, { assistant_id }).finalRun(),
    'create thread and run': () => threads.createAndRun({ assistant_id }),
    'get run': () => threads.runs.retrieve(run_id, { thread_id }),
    'update run': () => threads.runs.update(run_id, { thread_id }),
    'cancel run': () => threads.runs.cancel(run_id, { thread_id }),
    'submit outputs': () => threads.runs.submitToolOutputs(run_id, { thread_id, tool_outputs: [] }),
    'list steps': () => threads.runs.steps.list(run_id, { thread_id }),
    'get step': () => threads.runs.steps.retrieve('step_none', { thread_id, run_id }),
  })),
  {
    title: 'within a thread, what is not there is named',
    async run(client) {
      const { messages, runs } = client.beta.threads;
      const assistant = await createAssistant(client);
      const [thread, other] = [await threadSaying(client, 'Hello'), await threadSaying(client, 'Hello')];
      const run = await runs.createAndPoll(thread.id, { assistant_id: assistant.id }, fast);
      const at = { thread_id: thread.id };
      const elsewhere = { thread_id: other.id };
      return [
        await failureOf(messages.retrieve('msg_none', at)),
        await failureOf(messages.update('msg_none', { ...at, metadata: {} })),
        await failureOf(messages.delete('msg_none', at)),
        await failureOf(messages.list(thread.id, { after: 'msg_none' })),
        await failureOf(messages.list(thread.id, { before: 'msg_none' })),
        await failureOf(runs.create(thread.id, { assistant_id })),
        await failureOf(runs.retrieve(run_id, at)),
        await failureOf(runs.retrieve(run.id, elsewhere)),
        await failureOf(runs.cancel(run.id, elsewhere)),
        await failureOf(runs.list(thread.id, { after: run_id })),
        await failureOf(runs.steps.retrieve('step_none', { ...at, run_id: run.id })),
        await failureOf(runs.steps.list(run.id, { ...at, after: 'step_none' })),
      ];
    },
  },
  {
    title: 'what was deleted is gone',
    async run(client) {
      const { assistants, threads } = client.beta;
      const assistant = await createAssistant(client);
      const thread = await threadSaying(client, 'Hello');
      const message = await threads.messages.create(thread.id, { role: 'user', content: 'x' });
      await threads.messages.delete(message.id, { thread_id: thread.id });
      const gone = [await failureOf(threads.messages.retrieve(message.id, { thread_id: thread.id }))];
      await assistants.delete(assistant.id);
      gone.push(await failureOf(assistants.retrieve(assistant.id)));
      gone.push(await failureOf(threads.runs.create(thread.id, { assistant_id: assistant.id })));
      await threads.delete(thread.id);
      gone.push(await failureOf(threads.retrieve(thread.id)), await failureOf(threads.delete(thread.id)));
      gone.push(await failureOf(threads.messages.list(thread.id)));
      return gone;
    },
  },
  failing('parameters are refused by name', ({ beta: { assistants, threads } }) => {
    const create = (body: object) => () => assistants.create(wrong({ model: 'gpt-4o', ...body }));
    const run = (body: object) => () => threads.runs.create(thread_id, { assistant_id, ...body });
    return {
      'no model': () => assistants.create(wrong({})),
      'unknown parameter': create({ colour: 'red' }),
      'unknown parameter of a tool': create({ tools: [{ type: 'code_interpreter', x: 1 }] }),
      'unknown tool': create({ tools: [{ type: 'retrieval' }] }),
      'nameless function': create({ tools: [{ type: 'function', function: {} }] }),
      'long name': create({ name: 'x'.repeat(257) }),
      'long description': create({ description: 'x'.repeat(513) }),
      'long instructions': create({ instructions: 'x'.repeat(256_001) }),
      'name that is none': create({ name: 7 }),
      'hot temperature': create({ temperature: 2.5 }),
      'negative top_p': create({ top_p: -0.5 }),
      '129 tools': create({ tools: tools(129) }),
      '17 pairs': create({ metadata: pairs(17) }),
      'long key (shape)': create({ metadata: { ['k'.repeat(65)]: 'v' } }),
      'long value': create({ metadata: { key: 'v'.repeat(513) } }),
      'number as a value': create({ metadata: { key: 7 } }),
      'metadata of a thread': () => threads.create({ metadata: pairs(17) }),
      'metadata of a message': () =>
        threads.messages.create(thread_id, { role: 'user', content: 'x', metadata: pairs(17) }),
      'messageless role': () => threads.messages.create(thread_id, wrong({ content: 'x' })),
      'contentless message': () => threads.messages.create(thread_id, wrong({ role: 'user' })),
      'strange role': () => threads.messages.create(thread_id, wrong({ role: 'system', content: 'x' })),
      'run without assistant': () => threads.runs.create(thread_id, wrong({})),
      '21 tools': run({ tools: tools(21) }),
      'low prompt cap': run({ max_prompt_tokens: 255 }),
      'low completion cap': run({ max_completion_tokens: 255 }),
      'broken cap': run({ max_completion_tokens: 300.5 }),
      'unknown parameter of a run': run({ colour: 'red' }),
      'additional messages without a role': run({ additional_messages: [{ content: 'x' }] }),
      'unknown parameter of a thread and run': () =>
        threads.createAndRun(wrong({ assistant_id, colour: 'red' })),
      'bad message of a thread and run': () =>
        threads.createAndRun(wrong({ assistant_id, thread: { messages: [{ role: 'user' }] } })),
      'no outputs': () => threads.runs.submitToolOutputs(run_id, wrong({ thread_id })),
      'limit 0': () => threads.messages.list(thread_id, { limit: 0 }),
      'limit 101': () => assistants.list({ limit: 101 }),
      'limit that is none': () => assistants.list(wrong({ limit: 'ten' })),
      'strange order': () => assistants.list(wrong({ order: 'up' })),
    };
  }),
  {
    title: 'an active run locks its thread, and only until it ends',
    async run(client) {
      const { threads } = client.beta;
      const assistant = await createAssistant(client, { tools: [weatherTool] });
      const thread = await threadSaying(client, '[[tool:get_weather {"city":"Rome"}]]');
      const params = { assistant_id: assistant.id };
      const waiting = await threads.runs.createAndPoll(thread.id, params, fast);
      const locked = [
        await failureOf(threads.runs.create(thread.id, params)),
        await failureOf(threads.runs.create(thread.id, { ...params, stream: true })),
        await failureOf(threads.messages.create(thread.id, { role: 'user', content: 'More' })),
      ];
      await threads.runs.submitToolOutputsAndPoll(
        waiting.id,
        { thread_id: thread.id, tool_outputs: outputsFor(waiting) },
        fast,
      );
      const message = await threads.messages.create(thread.id, { role: 'user', content: 'More' });
      return { locked, message, next: await threads.runs.createAndPoll(thread.id, params, fast) };
    },
  },
  {
    title: 'tool outputs that are missing, extra, twice, late or of another run are refused',
    async run(client) {
      const { runs } = client.beta.threads;
      const assistant = await createAssistant(client, { tools: [weatherTool] });
      const question = '[[tool:get_weather {"city":"Rome"}]] [[tool:get_weather {"city":"Oslo"}]]';
      const waits = [];
      for (const thread of [await threadSaying(client, question), await threadSaying(client, question)]) {
        waits.push(await runs.createAndPoll(thread.id, { assistant_id: assistant.id }, fast));
      }
      const [run, other] = waits;
      assert.ok(run && other);
      const outputs = outputsFor(run);
      const submit = (tool_outputs: { tool_call_id: string; output: string }[]) =>
        runs.submitToolOutputs(run.id, { thread_id: run.thread_id, tool_outputs });
      const [first, second] = outputs;
      assert.ok(first && second);
      const refused = [
        await failureOf(submit([])),
        await failureOf(submit([first])),
        await failureOf(submit([first, first])),
        await failureOf(submit([...outputs, second])),
        await failureOf(submit([...outputs, { tool_call_id: 'call_none', output: 'x' }])),
        await failureOf(submit(outputsFor(other))),
      ];
      const untouched = await runs.retrieve(run.id, { thread_id: run.thread_id });
      const taken = await submit(outputs.toReversed());
      const twice = await failureOf(submit(outputs));
      const ended = await runs.poll(run.id, { thread_id: run.thread_id }, fast);
      return {
        refused,
        untouched,
        taken: taken.status,
        twice: twice['status'],
        ended,
        late: await failureOf(submit(outputs)),
      };
    },
  },
  {
    title: 'what has ended can not be cancelled, and outputs that nobody waits for are refused',
    async run(client) {
      const { runs } = client.beta.threads;
      const assistant = await createAssistant(client);
      const thread = await threadSaying(client, 'Hello');
      const at = { thread_id: thread.id };
      const run = await runs.createAndPoll(thread.id, { assistant_id: assistant.id }, fast);
      assert.deepEqual(callsOf(run), []);
      const tool_outputs = [{ tool_call_id: 'call_none', output: 'x' }];
      return [
        await failureOf(runs.cancel(run.id, at)),
        await failureOf(runs.submitToolOutputs(run.id, { ...at, tool_outputs })),
        await failureOf(runs.submitToolOutputs(run.id, { ...at, tool_outputs, stream: true })),
      ];
    },
  },
  {
    title: 'without the beta header nothing is served, and a body that is no JSON is refused',
    async run(client) {
      const call = async (path: string, init: RequestInit) => {
        const response = await fetch(`${client.baseURL}${path}`, {
          ...init,
          headers: { authorization: `Bearer ${client.apiKey}`, ...(init.headers as Record<string, string>) },
        });
        return { status: response.status, body: await response.json() };
      };
      return [
        await call('/assistants', {}),
        await call('/threads', { method: 'POST', headers: { 'openai-beta': 'assistants=v1' } }),
      ];
    },
  },
];

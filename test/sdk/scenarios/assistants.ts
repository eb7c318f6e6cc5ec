import assert from 'node:assert/strict';

import { eventsOf, failureOf } from '../record.ts';
import type { Scenario } from '../scenario.ts';

const fast = { pollIntervalMs: 20 };
const live = { assistants: 'live' as const };
const assistantParams = {
  model: 'gpt-4o',
  instructions: 'Be brief.',
  tools: [
    {
      type: 'function' as const,
      function: {
        name: 'get_weather',
        parameters: { type: 'object', properties: { city: { type: 'string' } } },
      },
    },
  ],
};
const user = 'user' as const;
const hello = { messages: [{ role: user, content: 'Hello [[words:30]]' }] };
const weather = { messages: [{ role: user, content: 'Weather? [[tool:get_weather {"city":"Rome"}]]' }] };

export const assistantsScenarios: readonly Scenario[] = [
  {
    title: 'the retired Assistants API fails as NotFoundError',
    async run({ client }) {
      const failures = [
        await failureOf(client.beta.assistants.create({ model: 'gpt-4o' })),
        await failureOf(client.beta.assistants.list()),
        await failureOf(client.beta.threads.create()),
        await failureOf(client.beta.threads.runs.create('thread_1', { assistant_id: 'asst_1' })),
        await failureOf(client.beta.threads.runs.stream('thread_1', { assistant_id: 'asst_1' }).finalRun()),
      ];
      for (const failure of failures) assert.equal(failure['class'], 'NotFoundError');
      return failures;
    },
  },
  {
    title: 'where the Assistants API lives, a run is polled and its messages and steps read',
    standIn: live,
    async run({ client }) {
      const { threads } = client.beta;
      const assistant = await client.beta.assistants.create(assistantParams);
      const thread = await threads.create(hello);
      const run = await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id }, fast);
      assert.equal(run.status, 'completed');
      const messages = await eventsOf(threads.messages.list(thread.id));
      const steps = await eventsOf(threads.runs.steps.list(run.id, { thread_id: thread.id }));
      return { assistant, thread, run, messages, steps, deleted: await threads.delete(thread.id) };
    },
    async runWithFour({ client }) {
      const { threads } = client.beta;
      const assistant = await client.beta.assistants.create(assistantParams);
      const thread = await threads.create(hello);
      const run = await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id }, fast);
      assert.equal(run.status, 'completed');
      const messages = await eventsOf(threads.messages.list(thread.id));
      const steps = await eventsOf(threads.runs.steps.list(thread.id, run.id));
      return { assistant, thread, run, messages, steps, deleted: await threads.del(thread.id) };
    },
  },
  {
    title: 'where the Assistants API lives, a run streams, waits for its function, and goes on streaming',
    standIn: live,
    async run({ client }) {
      const { threads } = client.beta;
      const assistant = await client.beta.assistants.create(assistantParams);
      const thread = await threads.create(weather);
      const asking = threads.runs.stream(thread.id, { assistant_id: assistant.id });
      const events = eventsOf(asking);
      const waiting = await asking.finalRun();
      const answering = threads.runs.submitToolOutputsStream(waiting.id, {
        thread_id: thread.id,
        tool_outputs: outputsFor(waiting),
      });
      const rest = eventsOf(answering);
      const final = await answering.finalRun();
      assert.equal(final.status, 'completed');
      return { events: await events, rest: await rest, final, messages: await answering.finalMessages() };
    },
    async runWithFour({ client }) {
      const { threads } = client.beta;
      const assistant = await client.beta.assistants.create(assistantParams);
      const thread = await threads.create(weather);
      const asking = threads.runs.stream(thread.id, { assistant_id: assistant.id });
      const events = eventsOf(asking);
      const waiting = await asking.finalRun();
      const outputs = { tool_outputs: outputsFor(waiting) };
      const answering = threads.runs.submitToolOutputsStream(thread.id, waiting.id, outputs);
      const rest = eventsOf(answering);
      const final = await answering.finalRun();
      assert.equal(final.status, 'completed');
      return { events: await events, rest: await rest, final, messages: await answering.finalMessages() };
    },
  },
];

interface Waiting {
  required_action: { submit_tool_outputs: { tool_calls: { id: string }[] } } | null;
}

function outputsFor({ required_action }: Waiting) {
  assert.ok(required_action);
  return required_action.submit_tool_outputs.tool_calls.map(({ id }) => ({ tool_call_id: id, output: '20' }));
}

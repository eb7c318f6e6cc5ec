import assert from 'node:assert/strict';

import { eventsOf, failureOf } from '../record.ts';
import type { Scenario } from '../scenario.ts';
import type { Sdk, SdkFour } from '../sdk-versions.ts';

const fast = { pollIntervalMs: 20 };
/** Where the Assistants API lives, and where the sidecar serves it. */
const live = { standIn: { assistants: 'live' }, served: true } as const;
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
const weatherTwice = {
  messages: [
    { role: user, content: '[[tool:get_weather {"city":"Rome"}]] [[tool:get_weather {"city":"Oslo"}]]' },
  ],
};

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
    ...live,
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
    ...live,
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
  {
    title:
      'where the Assistants API lives, a thread and its run are created in one call, polled and streamed',
    ...live,
    run: ({ client }) => createAndRun(client),
    runWithFour: ({ client }) => createAndRun(client),
  },
  {
    title: 'where the Assistants API lives, parallel calls of functions are answered, and polled on',
    ...live,
    async run({ client }) {
      const { threads } = client.beta;
      const assistant = await client.beta.assistants.create(assistantParams);
      const thread = await threads.create(weatherTwice);
      const waiting = await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id }, fast);
      const body = { thread_id: thread.id, tool_outputs: outputsFor(waiting) };
      const run = await threads.runs.submitToolOutputsAndPoll(waiting.id, body, fast);
      assert.equal(run.status, 'completed');
      const step = (await threads.runs.steps.list(run.id, { thread_id: thread.id })).data[1]!;
      const at = { thread_id: thread.id, run_id: run.id };
      return { waiting, run, step: await threads.runs.steps.retrieve(step.id, at) };
    },
    async runWithFour({ client }) {
      const { threads } = client.beta;
      const assistant = await client.beta.assistants.create(assistantParams);
      const thread = await threads.create(weatherTwice);
      const waiting = await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id }, fast);
      const body = { tool_outputs: outputsFor(waiting) };
      const run = await threads.runs.submitToolOutputsAndPoll(thread.id, waiting.id, body, fast);
      assert.equal(run.status, 'completed');
      const step = (await threads.runs.steps.list(thread.id, run.id)).data[1]!;
      return { waiting, run, step: await threads.runs.steps.retrieve(thread.id, run.id, step.id) };
    },
  },
  {
    title: 'where the Assistants API lives, objects are changed and deleted, and a run is cancelled',
    ...live,
    async run({ client }) {
      const { assistants, threads } = client.beta;
      const metadata = { user: 'u1' };
      const assistant = await assistants.create(assistantParams);
      const thread = await threads.create(weather);
      const at = { thread_id: thread.id };
      const message = await threads.messages.create(thread.id, { role: user, content: 'Please.' });
      const waiting = await threads.runs.createAndPoll(
        thread.id,
        { assistant_id: assistant.id, tool_choice: 'required' },
        fast,
      );
      const cancelling = await threads.runs.cancel(waiting.id, at);
      return {
        cancelling,
        cancelled: await threads.runs.poll(waiting.id, at, fast),
        run: await threads.runs.update(waiting.id, { ...at, metadata }),
        assistant: await assistants.update(assistant.id, { name: 'Bo', metadata }),
        thread: await threads.update(thread.id, { metadata }),
        message: await threads.messages.update(message.id, { ...at, metadata }),
        deleted: [
          await threads.messages.delete(message.id, at),
          await threads.delete(thread.id),
          await assistants.delete(assistant.id),
        ],
      };
    },
    async runWithFour({ client }) {
      const { assistants, threads } = client.beta;
      const metadata = { user: 'u1' };
      const assistant = await assistants.create(assistantParams);
      const { id } = await threads.create(weather);
      const message = await threads.messages.create(id, { role: user, content: 'Please.' });
      const waiting = await threads.runs.createAndPoll(
        id,
        { assistant_id: assistant.id, tool_choice: 'required' },
        fast,
      );
      const cancelling = await threads.runs.cancel(id, waiting.id);
      return {
        cancelling,
        cancelled: await threads.runs.poll(id, waiting.id, fast),
        run: await threads.runs.update(id, waiting.id, { metadata }),
        assistant: await assistants.update(assistant.id, { name: 'Bo', metadata }),
        thread: await threads.update(id, { metadata }),
        message: await threads.messages.update(id, message.id, { metadata }),
        deleted: [
          await threads.messages.del(id, message.id),
          await threads.del(id),
          await assistants.del(assistant.id),
        ],
      };
    },
  },
];

/** The same words in every major. */
async function createAndRun(client: InstanceType<Sdk['OpenAI']> | InstanceType<SdkFour['OpenAI']>) {
  const { assistants, threads } = client.beta as InstanceType<Sdk['OpenAI']>['beta'];
  const { id } = await assistants.create(assistantParams);
  const polled = await threads.createAndRunPoll({ assistant_id: id, thread: hello }, fast);
  const stream = threads.createAndRunStream({
    assistant_id: id,
    thread: { ...hello, metadata: { user: 'u1' } },
  });
  const events = eventsOf(stream);
  const final = await stream.finalRun();
  assert.deepEqual([polled.status, final.status], ['completed', 'completed']);
  return { polled, events: await events, final, steps: await stream.finalRunSteps() };
}

interface Waiting {
  required_action: { submit_tool_outputs: { tool_calls: { id: string }[] } } | null;
}

function outputsFor({ required_action }: Waiting) {
  assert.ok(required_action);
  return required_action.submit_tool_outputs.tool_calls.map(({ id }) => ({ tool_call_id: id, output: '20' }));
}

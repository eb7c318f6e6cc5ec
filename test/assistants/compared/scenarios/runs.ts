import assert from 'node:assert/strict';

import type OpenAI from 'openai';

import { type RunParams, createAssistant, fast, leftBy, threadSaying, weatherTool } from '../applications.ts';
import type { Scenario } from '../scenario.ts';

/** A run on a thread that says this, polled to its end: and all that it has left behind. */
function polled(title: string, said: string[], params: RunParams, status = 'completed'): Scenario {
  return {
    title,
    run: async (client) => {
      const left = await runOn(client, said, params);
      assert.equal(left.run.status, status);
      assert.ok(left.run.usage);
      return left;
    },
  };
}

async function runOn(client: OpenAI, said: string[], params: RunParams) {
  const assistant = await createAssistant(client);
  const thread = await threadSaying(client, ...said);
  const created = await client.beta.threads.runs.create(thread.id, { assistant_id: assistant.id, ...params });
  await client.beta.threads.runs.poll(created.id, { thread_id: thread.id }, fast);
  return { created, ...(await leftBy(client, created)) };
}

/** Chat Completions fail before they begin, or break off. */
const failing = ['passthrough', 'responses'] as const;

const longStory = Array.from({ length: 12 }, (_, index) => `Part ${index}: ${'word '.repeat(40)}`);

export const runScenarios: readonly Scenario[] = [
  polled('a run answers a thread', ['Hello'], {}),
  polled('a run answers in other scripts', ['Grüße, 世界 👍 [[echo]]'], {}),
  polled('a run sees all that was said', ['One', 'Two', 'Three'], {}),
  polled('a run may have a model, instructions and settings of its own', ['Hello'], {
    model: 'gpt-4o-mini',
    instructions: 'Be rude.',
    temperature: 0.25,
    top_p: 0.5,
    metadata: { user: 'u1' },
    tools: [weatherTool],
    tool_choice: 'none',
    parallel_tool_calls: false,
  }),
  polled('a run may be told more', ['Hello'], {
    additional_instructions: 'And friendly.',
    additional_messages: [
      { role: 'assistant', content: 'Hi.' },
      { role: 'user', content: 'What now?', metadata: { at: 'last' } },
    ],
  }),
  polled('a reasoning model’s thoughts are charged', ['Hello'], {
    model: 'o3-mini',
    reasoning_effort: 'high',
  }),
  polled('a run answers in the shape of a schema', ['Hello'], {
    response_format: {
      type: 'json_schema',
      json_schema: {
        name: 'answer',
        schema: { type: 'object', properties: { answer: { type: 'string' } }, required: ['answer'] },
      },
    },
  }),
  polled('a run answers JSON', ['Hello'], { response_format: { type: 'json_object' } }),
  polled('a run may refuse', ['How? [[refuse]]'], {}),
  polled(
    'a run ends at its output cap',
    ['Hello [[words:400]]'],
    { max_completion_tokens: 256 },
    'incomplete',
  ),
  polled(
    'a run whose thoughts use up the cap says nothing',
    ['Hello [[reasoning:500]]'],
    { max_completion_tokens: 256 },
    'incomplete',
  ),
  polled('a run within its caps completes', ['Hello'], {
    max_completion_tokens: 256,
    max_prompt_tokens: 256,
  }),
  polled('a run drops the oldest messages to fit its input cap', longStory, { max_prompt_tokens: 300 }),
  polled(
    'a run that does not fit its input cap ends',
    ['word '.repeat(600)],
    { max_prompt_tokens: 256 },
    'incomplete',
  ),
  polled('a run sees the last messages only', ['One', 'Two', 'Three', 'Four'], {
    truncation_strategy: { type: 'last_messages', last_messages: 2 },
  }),
  polled('a run counts additional messages among the last', ['One', 'Two', 'Three'], {
    truncation_strategy: { type: 'last_messages', last_messages: 2 },
    additional_messages: [{ role: 'user', content: 'Four' }],
  }),
  polled('a strategy of its own name is the default', ['Hello'], { truncation_strategy: { type: 'auto' } }),
  ...['server_error', 'rate_limit_exceeded', 'invalid_prompt'].map((code) => ({
    ...polled(`a run fails with ${code}`, [`Hello [[fail:${code}]]`], {}, 'failed'),
    backends: failing,
  })),
  {
    title: 'a model sees the images of a message',
    async run(client) {
      const assistant = await createAssistant(client);
      const image_url = { url: 'https://example.com/a.png', detail: 'low' as const };
      const thread = await client.beta.threads.create({
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'See?' },
              { type: 'image_url', image_url },
            ],
          },
        ],
      });
      const run = await client.beta.threads.runs.createAndPoll(
        thread.id,
        { assistant_id: assistant.id },
        fast,
      );
      assert.equal(run.status, 'completed');
      return leftBy(client, run);
    },
  },
  {
    title: 'a thread goes on from run to run',
    async run(client) {
      const { threads } = client.beta;
      const [first, second] = [
        await createAssistant(client),
        await createAssistant(client, { instructions: 'Be loud.' }),
      ];
      const thread = await threadSaying(client, 'One');
      const runs = [await threads.runs.createAndPoll(thread.id, { assistant_id: first.id }, fast)];
      await threads.messages.create(thread.id, { role: 'user', content: 'Two' });
      runs.push(await threads.runs.createAndPoll(thread.id, { assistant_id: second.id }, fast));
      return { runs, left: await leftBy(client, runs[1]!) };
    },
  },
  {
    title: 'a thread and its run are created in one call',
    async run(client) {
      const assistant = await createAssistant(client);
      const created = await client.beta.threads.createAndRun({
        assistant_id: assistant.id,
        thread: { messages: [{ role: 'user', content: 'Hello' }], metadata: { user: 'u1' } },
        metadata: { run: '1' },
      });
      const polledRun = await client.beta.threads.createAndRunPoll(
        {
          assistant_id: assistant.id,
          thread: { messages: [{ role: 'user', content: 'Hello' }] },
          instructions: 'Be rude.',
        },
        fast,
      );
      await client.beta.threads.runs.poll(created.id, created, fast);
      const thread = await client.beta.threads.retrieve(created.thread_id);
      return {
        created,
        thread,
        left: await leftBy(client, created),
        polled: await leftBy(client, polledRun),
      };
    },
  },
];

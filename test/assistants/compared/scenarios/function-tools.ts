import assert from 'node:assert/strict';

import type OpenAI from 'openai';

import {
  type RunParams,
  callsOf,
  createAssistant,
  fast,
  leftBy,
  outputsFor,
  threadSaying,
  timeTool,
  weatherTool,
} from '../applications.ts';
import type { Scenario } from '../scenario.ts';
import { toldBy } from '../told-by.ts';

const rome = '[[tool:get_weather {"city":"Rome"}]]';
const oslo = '[[tool:get_weather {"city":"Oslo"}]]';
const now = '[[tool:get_time {"zone":"UTC"}]]';

async function begin(client: OpenAI, said: string, params: RunParams = {}) {
  const assistant = await createAssistant(client, { tools: [weatherTool, timeTool] });
  const thread = await threadSaying(client, said);
  return { threadId: thread.id, params: { assistant_id: assistant.id, ...params } };
}

/** Polls, and answers what is asked until the run ends, as most applications do. */
function loop(title: string, said: string, rounds: number, params: RunParams = {}): Scenario {
  return {
    title: `${title}, polled`,
    async run(client) {
      const { runs } = client.beta.threads;
      const { threadId, params: all } = await begin(client, said, params);
      const seen = [await runs.createAndPoll(threadId, all, fast)];
      const stepsWhileWaiting = [];
      for (let run = seen[0]!; run.status === 'requires_action'; run = seen.at(-1)!) {
        stepsWhileWaiting.push((await runs.steps.list(run.id, { thread_id: threadId })).data);
        const body = { thread_id: threadId, tool_outputs: outputsFor(run) };
        seen.push(await runs.submitToolOutputsAndPoll(run.id, body, fast));
      }
      assert.equal(seen.length, rounds + 1);
      return { seen, stepsWhileWaiting, left: await leftBy(client, seen[0]!) };
    },
  };
}

/** The same with streams. */
function streamedLoop(title: string, said: string, rounds: number, params: RunParams = {}): Scenario {
  return {
    title: `${title}, streamed`,
    async run(client) {
      const { runs } = client.beta.threads;
      const { threadId, params: all } = await begin(client, said, params);
      const told = [await toldBy(runs.stream(threadId, all))];
      for (let { run } = told[0]!; run.status === 'requires_action'; { run } = told.at(-1)!) {
        const body = { thread_id: threadId, tool_outputs: outputsFor(run) };
        told.push(await toldBy(runs.submitToolOutputsStream(run.id, body)));
      }
      assert.equal(told.length, rounds + 1);
      return { told, left: await leftBy(client, told[0]!.run) };
    },
  };
}

const loops: [title: string, said: string, rounds: number, params?: RunParams][] = [
  ['a run waits for a function', `Weather? ${rome}`, 1],
  ['a run waits for functions in parallel', `Weather? ${rome} ${oslo} ${now}`, 1],
  [
    'a run waits for one function after another',
    `Weather? ${rome} ${now}`,
    2,
    { parallel_tool_calls: false },
  ],
  ['a run has to call a function', 'Hello', 1, { tool_choice: 'required' }],
  [
    'a run has to call this function',
    'Hello',
    1,
    { tool_choice: { type: 'function', function: { name: 'get_time' } } },
  ],
  ['a run may not call a function', `Weather? ${rome}`, 0, { tool_choice: 'none' }],
  [
    'a run calls a function with arguments in pieces',
    'Weather? [[tool:get_weather {"city":"Llanfairpwllgwyngyll"}]] [[chunkCharacters:3]]',
    1,
  ],
  [
    'a run within its caps goes on after a function',
    `Weather? ${rome}`,
    1,
    { max_completion_tokens: 1000, max_prompt_tokens: 1000 },
  ],
  [
    'a run ends at its output cap behind a function',
    `Weather? ${rome} [[reasoning:200]]`,
    1,
    { max_completion_tokens: 300 },
  ],
];

export const functionToolScenarios: readonly Scenario[] = [
  ...loops.map((given) => loop(...given)),
  ...loops.map((given) => streamedLoop(...given)),
  {
    title: 'a run is cut off in the middle of a call',
    async run(client) {
      const args = JSON.stringify({ city: 'x '.repeat(400) });
      const { threadId, params } = await begin(client, `[[tool:get_weather ${args}]]`, {
        max_completion_tokens: 256,
      });
      const told = await toldBy(client.beta.threads.runs.stream(threadId, params));
      assert.equal(told.run.status, 'incomplete');
      return { told, left: await leftBy(client, told.run) };
    },
  },
  {
    title: 'outputs may be empty, long and in other scripts',
    async run(client) {
      const { runs } = client.beta.threads;
      const { threadId, params } = await begin(client, `Weather? ${rome} ${oslo}`);
      const waiting = await runs.createAndPoll(threadId, params, fast);
      const [first, second] = callsOf(waiting);
      assert.ok(first && second);
      const tool_outputs = [
        { tool_call_id: first.id, output: '' },
        { tool_call_id: second.id, output: `20 °C ☀ ${'more '.repeat(500)}` },
      ];
      const ended = await runs.submitToolOutputsAndPoll(
        waiting.id,
        { thread_id: threadId, tool_outputs },
        fast,
      );
      assert.equal(ended.status, 'completed');
      return leftBy(client, ended);
    },
  },
  {
    title: 'a run that waits can be cancelled, and its thread goes on',
    async run(client) {
      const { runs, messages } = client.beta.threads;
      const { threadId, params } = await begin(client, `Weather? ${rome}`);
      const waiting = await runs.createAndPoll(threadId, params, fast);
      const cancelling = await runs.cancel(waiting.id, { thread_id: threadId });
      assert.equal(cancelling.status, 'cancelling');
      const ended = await runs.poll(waiting.id, { thread_id: threadId }, fast);
      assert.equal(ended.status, 'cancelled');
      const left = await leftBy(client, ended);
      await messages.create(threadId, { role: 'user', content: 'Never mind.' });
      return { cancelling, left, next: await runs.createAndPoll(threadId, params, fast) };
    },
  },
];

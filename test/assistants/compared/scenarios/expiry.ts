import assert from 'node:assert/strict';

import {
  createAssistant,
  failureOf,
  fast,
  leftBy,
  outputsFor,
  threadSaying,
  weatherTool,
} from '../applications.ts';
import type { Scenario } from '../scenario.ts';

export const expiryScenarios: readonly Scenario[] = [
  {
    title: 'a run that waits too long for its functions expires, and its thread goes on',
    async run(client) {
      const { runs, messages } = client.beta.threads;
      const assistant = await createAssistant(client, { tools: [weatherTool] });
      const thread = await threadSaying(client, 'Weather? [[tool:get_weather {"city":"Rome"}]]');
      const at = { thread_id: thread.id };
      const waiting = await runs.createAndPoll(thread.id, { assistant_id: assistant.id }, fast);
      assert.equal(waiting.status, 'requires_action');
      let run = waiting;
      while (run.status === 'requires_action') {
        run = await runs.retrieve(run.id, at);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assert.equal(run.status, 'expired');
      const late = await failureOf(
        runs.submitToolOutputs(run.id, { ...at, tool_outputs: outputsFor(waiting) }),
      );
      const left = await leftBy(client, run);
      await messages.create(thread.id, { role: 'user', content: 'Never mind.' });
      return { waiting, late, left };
    },
  },
  {
    title: 'a run that takes too long expires in the middle of its answer',
    async run(client) {
      const assistant = await createAssistant(client);
      const thread = await threadSaying(client, 'Hello [[words:100]] [[delayMs:20]]');
      const stream = client.beta.threads.runs.stream(thread.id, { assistant_id: assistant.id });
      const names: string[] = [];
      stream.on('event', ({ event }) => void (names.at(-1) === event || names.push(event)));
      const { usage: _, ...run } = await stream.finalRun();
      assert.equal(run.status, 'expired');
      const { messages, steps } = await leftBy(client, run);
      return {
        names,
        run,
        messages: messages.map(({ status, incomplete_details }) => ({ status, incomplete_details })),
        steps: steps.map(({ status, expired_at }) => ({ status, expired_at })),
      };
    },
  },
];

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import type OpenAI from 'openai';
import type { AssistantStreamEvent } from 'openai/resources/beta/assistants';

import { createAssistant, fast, leftBy, threadSaying } from '../applications.ts';
import type { Scenario } from '../scenario.ts';

/** How far an answer came when it was cancelled is up to the clock, and what it cost, too. */
async function shapeOf(client: OpenAI, run: { id: string; thread_id: string }) {
  const left = await leftBy(client, run);
  const { usage: _, ...ended } = left.run;
  const texts = left.messages.map(({ content }) => JSON.stringify(content));
  return {
    texts,
    run: ended,
    messages: left.messages.map((message) => ({
      ...message,
      content: message.content.map(({ type }) => type),
    })),
    steps: left.steps.map((step) => ({ ...step, usage: step.usage !== null })),
  };
}

export const cancelScenarios: readonly Scenario[] = [
  {
    title: 'a streamed run is cancelled in the middle of its answer',
    async run(client) {
      const { runs } = client.beta.threads;
      const assistant = await createAssistant(client);
      const thread = await threadSaying(client, 'Hello [[words:400]] [[delayMs:10]]');
      const events: AssistantStreamEvent[] = [];
      let cancelling: Promise<unknown> | undefined;
      const stream = runs.stream(thread.id, { assistant_id: assistant.id });
      stream.on('event', (event) => {
        events.push(structuredClone(event));
        if (events.length !== 25) return;
        cancelling = runs.cancel(stream.currentRun()!.id, { thread_id: thread.id });
      });
      const final = await stream.finalRun();
      assert.equal(final.status, 'cancelled');
      const names = events.map(({ event }) => event).filter((name, index, all) => name !== all[index - 1]);
      const said = events.flatMap(({ event, data }) =>
        event === 'thread.message.delta' ? data.delta.content : [],
      );
      const text = said.map((part) => (part?.type === 'text' ? part.text?.value : '')).join('');
      const { texts, ...shape } = await shapeOf(client, final);
      assert.ok(texts.at(-1)?.includes(JSON.stringify(text)), `${texts.at(-1)} lacks ${text}`);
      assert.ok(text.length > 20);
      return { names, cancelling: await cancelling, shape };
    },
  },
  {
    title: 'a polled run is cancelled in the middle of its answer',
    async run(client) {
      const { runs } = client.beta.threads;
      const assistant = await createAssistant(client);
      const thread = await threadSaying(client, 'Hello [[words:400]] [[delayMs:10]]');
      const at = { thread_id: thread.id };
      const { id } = await runs.create(thread.id, { assistant_id: assistant.id });
      while ((await client.beta.threads.messages.list(thread.id)).data.length === 1) await sleep(5);
      await sleep(100);
      const cancelling = await runs.cancel(id, at);
      assert.equal(cancelling.status, 'cancelling');
      const ended = await runs.poll(id, at, fast);
      const { texts: _, ...shape } = await shapeOf(client, ended);
      return { cancelling, shape };
    },
  },
  {
    title: 'a run that was cancelled tells what it has cost',
    // Chat Completions tell it only at the end.
    backends: ['passthrough', 'responses'],
    async run(client) {
      const { runs } = client.beta.threads;
      const assistant = await createAssistant(client);
      const thread = await threadSaying(client, 'Hello [[words:400]] [[delayMs:10]]');
      const stream = runs.stream(thread.id, { assistant_id: assistant.id });
      stream.once('textDelta', () => void runs.cancel(stream.currentRun()!.id, { thread_id: thread.id }));
      const { usage } = await stream.finalRun();
      assert.ok(usage && usage.completion_tokens > 0 && usage.completion_tokens < 400);
      return usage.prompt_tokens;
    },
  },
];

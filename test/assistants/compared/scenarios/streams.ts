import assert from 'node:assert/strict';

import { type RunParams, createAssistant, leftBy, threadSaying } from '../applications.ts';
import type { Scenario } from '../scenario.ts';
import { joined, toldBy } from '../told-by.ts';

/** A run told event by event, and all that it has left behind. */
function streamed(title: string, said: string, params: RunParams = {}, status = 'completed'): Scenario {
  return {
    title,
    async run(client) {
      const assistant = await createAssistant(client);
      const thread = await threadSaying(client, said);
      const stream = client.beta.threads.runs.stream(thread.id, { assistant_id: assistant.id, ...params });
      const told = await toldBy(stream);
      assert.equal(told.run.status, status);
      assert.ok(told.isTextInPieces || !told.text.includes(' '));
      return { told, left: await leftBy(client, told.run) };
    },
  };
}

export const streamScenarios: readonly Scenario[] = [
  streamed('a streamed run tells its answer', 'Hello [[words:30]]'),
  streamed(
    'a streamed run tells its answer in pieces of any size',
    'Hello ünïcode 👍👍 [[echo]] [[chunkCharacters:1]]',
  ),
  streamed('a streamed run tells a refusal', 'How? [[refuse]]'),
  streamed(
    'a streamed run tells that it was cut',
    'Hello [[words:400]]',
    { max_completion_tokens: 256 },
    'incomplete',
  ),
  streamed(
    'a streamed run tells that it has no room',
    'word '.repeat(600),
    { max_prompt_tokens: 256 },
    'incomplete',
  ),
  {
    ...streamed('a streamed run tells that it failed', 'Hello [[fail:rate_limit_exceeded]]', {}, 'failed'),
    backends: ['passthrough', 'responses'],
  },
  streamed('a streamed run tells of a reasoning model', 'Hello', { model: 'o3-mini' }),
  {
    title: 'a thread and its run are created in one stream',
    async run(client) {
      const assistant = await createAssistant(client);
      const stream = client.beta.threads.createAndRunStream({
        assistant_id: assistant.id,
        thread: { messages: [{ role: 'user', content: 'Hello' }], metadata: { user: 'u1' } },
      });
      const told = await toldBy(stream);
      assert.equal(told.events[0]?.event, 'thread.created');
      return { told, left: await leftBy(client, told.run) };
    },
  },
  {
    title: 'a stream can be read event by event, without a helper',
    async run(client) {
      const assistant = await createAssistant(client);
      const thread = await threadSaying(client, 'Hello [[words:20]]');
      const stream = await client.beta.threads.runs.create(thread.id, {
        assistant_id: assistant.id,
        stream: true,
      });
      const events = [];
      for await (const event of stream) events.push(event);
      assert.equal(events.at(-1)?.event, 'thread.run.completed');
      return joined(events);
    },
  },
  {
    title: 'a stream ends with done, on the wire',
    async run(client) {
      const assistant = await createAssistant(client);
      const thread = await threadSaying(client, '[[say:Hi]]');
      const response = await client.beta.threads.runs
        .create(thread.id, { assistant_id: assistant.id, stream: true })
        .asResponse();
      const text = await response.text();
      assert.match(text, /event: done\ndata: \[DONE\]\n\n$/);
      return { type: response.headers.get('content-type'), names: text.match(/^event: .*$/gm) };
    },
  },
];

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type * as sdkAssistants from 'openai/resources/beta/assistants';
import type * as sdkMessages from 'openai/resources/beta/threads/messages';
import type * as sdkRuns from 'openai/resources/beta/threads/runs/runs';
import type * as sdkSteps from 'openai/resources/beta/threads/runs/steps';
import type * as sdkThreads from 'openai/resources/beta/threads/threads';

import type { MessageDelta, StepDelta, StreamEvent } from '../../../src/assistants/wire-events.ts';
import type { Assistant, Message, Run, RunStep, Thread } from '../../../src/assistants/wire.ts';
import { serveObjects } from './serve-objects.ts';

/** Compiles only if every value of the one is a value of the other. */
type Assignable<From extends To, To> = From;

export type Checked = [
  Assignable<Assistant, sdkAssistants.Assistant>,
  Assignable<Thread, sdkThreads.Thread>,
  Assignable<Message, sdkMessages.Message>,
  Assignable<Run, sdkRuns.Run>,
  Assignable<RunStep, sdkSteps.RunStep>,
  Assignable<MessageDelta, sdkMessages.MessageDeltaEvent>,
  Assignable<StepDelta, sdkSteps.RunStepDeltaEvent>,
  Assignable<StreamEvent, sdkAssistants.AssistantStreamEvent>,
];

/** Every member that is not optional in the SDK: the compiler says if one is missing or too many. */
type Members<Wire> = Readonly<
  Record<{ [Key in keyof Wire]-?: undefined extends Wire[Key] ? never : Key }[keyof Wire], true>
>;

const assistant: Members<sdkAssistants.Assistant> & { tool_resources: true; response_format: true } & {
  temperature: true;
  top_p: true;
} = {
  id: true,
  object: true,
  created_at: true,
  name: true,
  description: true,
  model: true,
  instructions: true,
  tools: true,
  top_p: true,
  temperature: true,
  tool_resources: true,
  metadata: true,
  response_format: true,
};

const thread: Members<sdkThreads.Thread> = {
  id: true,
  object: true,
  created_at: true,
  metadata: true,
  tool_resources: true,
};

const message: Members<sdkMessages.Message> = {
  id: true,
  object: true,
  created_at: true,
  assistant_id: true,
  thread_id: true,
  run_id: true,
  status: true,
  incomplete_details: true,
  incomplete_at: true,
  completed_at: true,
  role: true,
  content: true,
  attachments: true,
  metadata: true,
};

test('objects have the members that the SDK knows, and no others', async () => {
  const { call } = serveObjects();
  const keys = (value: object) => Object.keys(value).sort();
  assert.deepEqual(keys(await call('assistants.create', { body: { model: 'gpt-4o' } })), keys(assistant));
  const created = await call('threads.create');
  assert.deepEqual(keys(created), keys(thread));
  const body = { role: 'user', content: 'Hi' };
  assert.deepEqual(keys(await call('threads.messages.create', { ids: [created.id], body })), keys(message));
  const page = await call('threads.messages.list', { ids: [created.id] });
  assert.deepEqual(keys(page), ['data', 'first_id', 'has_more', 'last_id', 'object']);
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import type { ModelRequest } from '../../../src/assistants/models/model-call.ts';
import { createResponsesModel } from '../../../src/assistants/models/responses/responses-model.ts';
import { assemblePrompt } from '../../../src/assistants/runs/prompt.ts';
import { type MessageRecord, type RunRecord, lists } from '../../../src/assistants/store/records.ts';
import type { AssistantStore } from '../../../src/assistants/store/store.ts';
import { type UpstreamCalls, createUpstreamCalls } from '../../../src/assistants/upstream-calls.ts';
import type { Message, Run } from '../../../src/assistants/wire.ts';
import { ProxyError } from '../../../src/errors.ts';
import { createTokenCounter } from '../../../src/openai/count-tokens.ts';
import { createMemoryAssistantStore } from '../../harness/memory-assistant-store.ts';

const identity = { org: 'acme', team: '', app: '', user: '' };
const partition = { org: 'acme', name: 'thread_1' };
const nowMs = Date.UTC(2026, 10, 22);

/** An upstream that is out of reach: whoever asks it counts for himself. */
const calls = createUpstreamCalls(async () => {
  throw new ProxyError('upstream_unreachable');
});

/** An upstream that counts, and says the same of every prompt. */
function countingCalls(input_tokens: number): UpstreamCalls {
  const outcome = { ending: 'complete', bodyBytes: 0 } as const;
  return {
    json: async () => ({ status: 200, value: { object: 'response.input_tokens', input_tokens }, outcome }),
    stream: () => assert.fail('no model is called'),
  };
}

interface Given {
  readonly run?: Partial<Run>;
  readonly record?: Partial<RunRecord>;
  /** Each of the thread's messages has so many tokens. */
  readonly messageTokens: readonly number[];
  /** Undefined: the upstream is out of reach. */
  readonly counted?: number;
  readonly content?: Message['content'];
  readonly container?: { readonly id: string; readonly usedAtMs: number };
}

async function assemble(t: TestContext, given: Given) {
  const { store, read } = countReads(createMemoryAssistantStore(() => nowMs));
  const thread = { thread: { id: 'thread_1', created_at: 0 }, container: given.container };
  const messages = given.messageTokens.map((tokens, index) => message(index, tokens, given.content));
  await store.commit(partition, {
    puts: [
      { id: 'thread_1', body: JSON.stringify(thread) },
      ...messages.map((one) => ({ id: one.message.id, body: JSON.stringify(one), lists: [lists.messages] })),
    ],
  });
  const counter = createTokenCounter();
  t.after(() => counter.close());
  const upstream = given.counted === undefined ? calls : countingCalls(given.counted);
  const model = createResponsesModel({ calls: upstream, upstreamStore: 'keep' });
  const { signal } = new AbortController();
  const parts = { store, model, counter, nowMs: () => nowMs, filesIndexed: async () => {} };
  const prompt = await assemblePrompt(parts, 'acme', runRecord(given), { identity, signal });
  return { prompt, request: 'request' in prompt ? prompt.request : undefined, read: read() };
}

function message(
  index: number,
  tokens: number,
  content: Message['content'] = [{ type: 'text', text: { value: `m${index}`, annotations: [] } }],
): MessageRecord {
  return {
    message: { id: `msg_${index}`, role: 'user', run_id: null, content } as unknown as Message,
    tokens,
  };
}

function runRecord({ run, record }: Given): RunRecord {
  const plain = {
    id: 'run_1',
    thread_id: 'thread_1',
    model: 'gpt-4o',
    instructions: '',
    tools: [],
    max_completion_tokens: null,
    max_prompt_tokens: null,
    truncation_strategy: { type: 'auto', last_messages: null },
    tool_choice: 'auto',
    response_format: 'auto',
    parallel_tool_calls: true,
    ...run,
  } as unknown as Run;
  const used = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  return {
    run: plain,
    identity,
    turns: [],
    used,
    vectorStoreIds: [],
    fileIds: [],
    ...record,
  } as unknown as RunRecord;
}

function countReads(store: AssistantStore): { store: AssistantStore; read: () => number } {
  let read = 0;
  return {
    read: () => read,
    store: {
      ...store,
      async list(...asked) {
        const page = await store.list(...asked);
        read += page?.documents.length ?? 0;
        return page;
      },
    },
  };
}

function said({ turns }: ModelRequest): string[] {
  return turns.map((turn) => {
    const part = turn.type === 'message' ? turn.content[0] : undefined;
    return part?.type === 'text' ? part.text.value : turn.type;
  });
}

test('of a long thread the newest messages are read that fit the model, and no others', async (t) => {
  const messageTokens = Array.from({ length: 5000 }, () => 96);
  const { request, read } = await assemble(t, { messageTokens, run: { model: 'gpt-4' } });
  // 8,192 tokens, half of them for the answer; a hundred for each message.
  assert.deepEqual(
    said(request!),
    Array.from({ length: 40 }, (_, index) => `m${4960 + index}`),
  );
  assert.equal(read, 50);
});

test('the newest message is there though it alone is too long', async (t) => {
  const { request } = await assemble(t, { messageTokens: [1, 9_000_000], run: { model: 'gpt-4' } });
  assert.deepEqual(said(request!), ['m1']);
});

test('last_messages keeps as many, and reads no more', async (t) => {
  const truncation_strategy = { type: 'last_messages' as const, last_messages: 3 };
  const { request, read } = await assemble(t, {
    messageTokens: [1, 1, 1, 1, 1],
    run: { truncation_strategy },
  });
  assert.deepEqual(said(request!), ['m2', 'm3', 'm4']);
  assert.equal(read, 3);
});

test('what the run exchanged with its application stands behind the messages', async (t) => {
  const turns = [
    { type: 'call' as const, callId: 'call_1', name: 'f', arguments: '{}' },
    { type: 'output' as const, callId: 'call_1', output: '' },
  ];
  const { request } = await assemble(t, { messageTokens: [1], record: { turns } });
  assert.deepEqual(said(request!), ['m0', 'call', 'output']);
});

for (const tool_choice of ['required', { type: 'function', function: { name: 'f' } }] as const) {
  test(`${JSON.stringify(tool_choice)} forces the first call of a run only`, async (t) => {
    const first = await assemble(t, { messageTokens: [1], run: { tool_choice } });
    assert.deepEqual(first.request!.toolChoice, tool_choice);
    const turns = [{ type: 'output' as const, callId: 'call_1', output: '' }];
    const second = await assemble(t, { messageTokens: [1], run: { tool_choice }, record: { turns } });
    assert.equal(second.request!.toolChoice, 'auto');
  });
}

const usedUp = (prompt_tokens: number, completion_tokens: number) => ({
  used: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
});

test('a model call may put out what the run has left', async (t) => {
  const run = { max_completion_tokens: 300 };
  const left = await assemble(t, { messageTokens: [1], run, record: usedUp(50, 284) });
  assert.equal(left.request!.maxOutputTokens, 16);
  // The Responses API takes no cap below 16.
  const none = await assemble(t, { messageTokens: [1], run, record: usedUp(50, 285) });
  assert.deepEqual(none.prompt, { exhausted: 'max_completion_tokens' });
});

test('the oldest messages are dropped until the prompt fits what the run has left', async (t) => {
  const run = { max_prompt_tokens: 300 };
  const { request } = await assemble(t, { messageTokens: [96, 96, 96], run });
  assert.deepEqual(said(request!), ['m1', 'm2']);
  const less = await assemble(t, { messageTokens: [96, 96, 96], run, record: usedUp(150, 0) });
  assert.deepEqual(said(less.request!), ['m2']);
});

test('a run whose newest message does not fit what is left asks nothing', async (t) => {
  const run = { max_prompt_tokens: 300 };
  const { prompt } = await assemble(t, { messageTokens: [96], run, record: usedUp(250, 0) });
  assert.deepEqual(prompt, { exhausted: 'max_prompt_tokens' });
});

test('pictures, which cost one model thirty times what another takes, are counted by the upstream', async (t) => {
  const content: Message['content'] = [
    { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
  ];
  const run = { model: 'gpt-4o-mini', max_prompt_tokens: 20_000 };
  const { prompt } = await assemble(t, { messageTokens: [1105], content, counted: 36_848, run });
  assert.deepEqual(prompt, { exhausted: 'max_prompt_tokens' });
});

test('code runs in the container of the thread as long as it lives', async (t) => {
  const given = { messageTokens: [1] };
  const minutesAgo = (minutes: number) => ({ id: 'cntr_1', usedAtMs: nowMs - minutes * 60_000 });
  const live = await assemble(t, { ...given, container: minutesAgo(18) });
  assert.equal(live.request!.containerId, 'cntr_1');
  const gone = await assemble(t, { ...given, container: minutesAgo(20) });
  assert.equal(gone.request!.containerId, undefined);
});

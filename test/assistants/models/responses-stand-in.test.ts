import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type OpenAI from 'openai';
import { toFile } from 'openai';

import type { ModelEvent, Turn } from '../../../src/assistants/models/model-call.ts';
import { createResponsesModel } from '../../../src/assistants/models/responses/responses-model.ts';
import type { StandIn, StandInOptions } from '../../stand-in/stand-in.ts';
import { withStandIn } from '../../stand-in/with-stand-in.ts';
import { callsIn, callsTo, contextWith, functionTool, hear, requestWith, say, textOf } from './calls.ts';

async function withModel(
  t: TestContext,
  options: StandInOptions = {},
  upstreamStore: 'keep' | 'forget' = 'keep',
) {
  const { standIn, client } = await withStandIn(t, options);
  return { standIn, client, model: createResponsesModel({ calls: callsTo(t, standIn.url), upstreamStore }) };
}

/** What the last call was billed, as a run tells it. */
function billed({ requests }: StandIn) {
  const { inputTokens, outputTokens } = requests.findLast(({ usage }) => usage)!.usage!;
  const total_tokens = inputTokens + outputTokens;
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens };
}

async function storeWith(client: OpenAI, text: string): Promise<string> {
  const { id } = await client.vectorStores.create({ name: 'Bestiary' });
  const file = await toFile(Buffer.from(text), 'dragons.txt');
  await client.vectorStores.files.uploadAndPoll(id, file, { pollIntervalMs: 10 });
  return id;
}

test('a text is answered, and its usage is what was billed', async (t) => {
  const { model, standIn } = await withModel(t);
  const { events, ending } = await hear(model, requestWith({ turns: [say('Hi [[say:Hello there.]]')] }));
  assert.equal(textOf(events), 'Hello there.');
  assert.deepEqual(ending, { how: 'completed', usage: billed(standIn) });
});

test('a refusal is one', async (t) => {
  const { model } = await withModel(t);
  const { events } = await hear(model, requestWith({ turns: [say('[[refuse]]')] }));
  const refusal = events.map((event) => (event.type === 'refusal' ? event.text : '')).join('');
  assert.equal(refusal, "I'm sorry, but I can't help with that.");
  assert.equal(textOf(events), '');
});

test('functions are called at once, and answered with their outputs and the reasoning', async (t) => {
  for (const upstreamStore of ['keep', 'forget'] as const) {
    const { model, standIn } = await withModel(t, {}, upstreamStore);
    const ask = say('[[tool:a {"n":1}]] [[tool:b {"n":2}]] [[reasoning:20]]');
    const request = requestWith({
      model: 'gpt-5',
      turns: [ask],
      tools: [functionTool('a'), functionTool('b')],
    });
    const { events, ending } = await hear(model, request);
    assert.deepEqual(
      callsIn(events).map(({ name, arguments: args }) => [name, args]),
      [
        ['a', '{"n":1}'],
        ['b', '{"n":2}'],
      ],
    );
    assert.equal(ending.how, 'completed');
    const outputs = callsIn(events).map(
      ({ callId }) => ({ type: 'output', callId, output: 'sunny' }) as const,
    );
    const turns = [ask, ...exchanged(events), ...outputs];
    const answer = await hear(model, { ...request, turns });
    assert.match(textOf(answer.events), /The tools answered: sunny; sunny/);
    const { input } = standIn.requests.at(-1)!.json as { input: { type: string; id?: string }[] };
    assert.deepEqual(
      input.map(({ type }) => type),
      [
        'message',
        'reasoning',
        'function_call',
        'function_call',
        'function_call_output',
        'function_call_output',
      ],
    );
    assert.deepEqual(
      input.slice(1, 4).map(({ id }) => id !== undefined),
      Array(3).fill(upstreamStore === 'keep'),
    );
  }
});

/** What a run remembers of a call. */
function exchanged(events: readonly ModelEvent[]): Turn[] {
  return events.flatMap((event): Turn[] => {
    if (event.type === 'carry') return [{ type: 'carried', item: event.item }];
    if (event.type !== 'functionCallEnded') return [];
    const call = callsIn(events).find(({ callId }) => callId === event.callId)!;
    return [{ type: 'call', ...call }];
  });
}

test('an answer is cut exactly at its cap, reasoning included', async (t) => {
  const { model, standIn } = await withModel(t);
  const turns = [say('[[words:500]] [[reasoning:30]]')];
  const { events, ending } = await hear(model, requestWith({ model: 'gpt-5', turns, maxOutputTokens: 40 }));
  assert.deepEqual(ending, { how: 'cut', usage: billed(standIn) });
  assert.equal(ending.usage?.completion_tokens, 40);
  assert.ok(textOf(events) !== '' && events.every(({ type }) => type !== 'messageEnded'));
});

test('a model that fails says why', async (t) => {
  const { model, standIn } = await withModel(t);
  const { ending } = await hear(model, requestWith({ turns: [say('[[fail:rate_limit_exceeded]]')] }));
  assert.equal(ending.error?.code, 'rate_limit_exceeded');
  assert.deepEqual(ending.usage, billed(standIn));
  const { ending: unknown } = await hear(model, requestWith({ model: 'no-such-model' }));
  assert.equal(unknown.error?.code, 'invalid_prompt');
  assert.match(unknown.error?.message ?? '', /no-such-model/);
});

test('files are searched, and cited', async (t) => {
  const { model, client } = await withModel(t);
  const vectorStoreIds = [await storeWith(client, 'Brown dragons live in deserts.')];
  const turns = [say('Where? [[search:dragons]]')];
  const request = requestWith({ turns, tools: [{ type: 'file_search' }], vectorStoreIds });
  const { events } = await hear(model, request);
  const found = events.find((event) => event.type === 'searchEnded');
  assert.deepEqual(
    found?.results?.map(({ file_name, content }) => [file_name, content?.[0]?.text]),
    [['dragons.txt', 'Brown dragons live in deserts.']],
  );
  const cited = events.find((event) => event.type === 'citation');
  assert.equal(cited?.fileId, found?.results?.[0]?.file_id);
});

test('code is run, in the same container next time, and its files can be fetched', async (t) => {
  const { model, client } = await withModel(t);
  const tools = [{ type: 'code_interpreter' }] as const;
  const turns = [say('[[code:plot()]] [[file:chart.csv]] [[file:chart.png]] [[say:Here:]]')];
  const { events, ending } = await hear(model, requestWith({ turns, tools }));
  assert.equal(ending.how, 'completed');
  const ended = events.find((event) => event.type === 'codeEnded')!;
  assert.deepEqual(ended.outputs, [{ type: 'logs', logs: 'done\n' }]);
  const containerId = ended.containerId!;
  const [table, picture] = events.filter((event) => event.type === 'file');
  assert.deepEqual([table?.name, table?.quote], ['chart.csv', 'sandbox:/mnt/data/chart.csv']);
  assert.deepEqual([picture?.name, picture?.quote], ['chart.png', undefined]);
  assert.equal(table?.containerId, containerId);
  assert.ok(textOf(events).includes(table!.quote!));
  const content = await client.containers.files.content.retrieve(table!.fileId, {
    container_id: containerId,
  });
  assert.equal(await content.text(), 'name,value\nchart.csv,1\n');
  const listed = await client.containers.files.list(containerId);
  assert.deepEqual(new Set(listed.data.map(({ id }) => id)), new Set([table!.fileId, picture!.fileId]));

  const again = await hear(model, requestWith({ turns, tools, containerId }));
  assert.equal(again.events.find((event) => event.type === 'codeEnded')?.containerId, containerId);
  const gone = await hear(model, requestWith({ turns, tools, containerId: 'cntr_gone' }));
  assert.equal(gone.ending.error?.code, 'invalid_prompt');
});

test('a call that is left is billed what the adapter tells', async (t) => {
  const { model, standIn } = await withModel(t, { chunkDelayMs: 10 });
  for (let round = 0; round < 3; round += 1) {
    const leave = new AbortController();
    const turns = [say('[[words:500]]')];
    const heard = hear(model, requestWith({ turns }), contextWith(leave.signal));
    await sleep(100 + 40 * round);
    leave.abort();
    const { ending } = await heard;
    assert.equal(ending.how, 'aborted');
    assert.deepEqual(ending.usage, billed(standIn));
  }
});

test('a call is found again by the id that it began with', async (t) => {
  const { model } = await withModel(t);
  const { events, ending } = await hear(model, requestWith({ turns: [say('Hi [[say:Hello there.]]')] }));
  const begun = events[0];
  assert.ok(begun?.type === 'begun');
  const found = await model.lookUp(begun.upstreamId, contextWith());
  assert.ok(found.state === 'ended');
  assert.equal(textOf(found.events), 'Hello there.');
  assert.deepEqual(found.ending, ending);
  assert.deepEqual(await model.lookUp('resp_other', contextWith()), { state: 'unknown' });
});

test('input is counted as it is billed', async (t) => {
  const { model } = await withModel(t);
  const request = requestWith({ instructions: 'Be brief.', tools: [functionTool('f')] });
  const { ending } = await hear(model, request);
  assert.equal(await model.countInput(request, contextWith()), ending.usage?.prompt_tokens);
});

test('no tool is refused', async (t) => {
  const { model } = await withModel(t);
  assert.equal(model.refusalOf([{ type: 'file_search' }, { type: 'code_interpreter' }]), undefined);
  assert.equal(model.minOutputTokens, 16);
});

test('1,000 calls at once are all answered', async (t) => {
  const { model } = await withModel(t);
  const calls = Array.from({ length: 1000 }, (_, index) =>
    hear(model, requestWith({ turns: [say(`[[say:Number ${index}]]`)] })),
  );
  for (const [index, { events, ending }] of (await Promise.all(calls)).entries()) {
    assert.deepEqual([textOf(events), ending.how], [`Number ${index}`, 'completed']);
  }
});

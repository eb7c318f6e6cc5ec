import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mostImageTokens } from '../../src/openai/image-tokens.ts';
import { maxOutputTokens } from '../../src/openai/model-limits.ts';
import { chat, postJson } from '../harness/governed.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';

const fineTuned = 'ft:gpt-4o-mini-2024-07-18:acme::id';

test('an engine that calls itself by a name of its own is charged at the price of the model asked for', async (t) => {
  const usage = { prompt_tokens: 1000, completion_tokens: 1000, total_tokens: 2000 };
  const upstream = await startUpstream(t, (request, response) => {
    request.resume();
    answerJson(response, { id: 'chatcmpl-1', model: '/models/llama.gguf', usage });
  });
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    config: `
models: { prices: { llama: { input: 1, output: 1 } } }
budgets: [{ name: month, limit: { usd: 100 }, window: { every: month } }]`,
  });
  await (await postJson(`${sidecar.url}/chat/completions`, chat(1, { model: 'llama' }))).text();
  const [month] = await sidecar.budgets();
  assert.deepEqual([month?.used, month?.held], [0.002, 0]);
});

test('a fine-tuned model without a maximum gets one, as its base does', async (t) => {
  const bodies: string[] = [];
  const upstream = await startUpstream(t, async (request, response) => {
    bodies.push(await readText(request));
    answerJson(response, {});
  });
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    config: `
estimates: { outputTokens: 1000 }
budgets: [{ name: month, limit: { tokens: 100000 }, window: { every: month } }]`,
  });
  const call = chat(1, { model: fineTuned, max_completion_tokens: undefined });
  await (await postJson(`${sidecar.url}/chat/completions`, call)).text();
  assert.match(bodies[0]!, /"max_completion_tokens":1000/);
});

test('a fine-tuned model reads images and puts out tokens as its base does', () => {
  assert.equal(maxOutputTokens(fineTuned), maxOutputTokens('gpt-4o-mini'));
  assert.equal(mostImageTokens(fineTuned, 'high'), mostImageTokens('gpt-4o-mini', 'high'));
});

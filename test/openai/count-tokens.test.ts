import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

import fc from 'fast-check';
import { get_encoding } from 'tiktoken';

import { createTokenCounter } from '../../src/openai/count-tokens.ts';
import { cutLongRuns } from '../../src/openai/cut-long-runs.ts';
import { mayThinkUnseen } from '../../src/openai/model-name.ts';

const counter = createTokenCounter();
after(() => counter.close());

const o200k = get_encoding('o200k_base');
const cl100k = get_encoding('cl100k_base');

test('counts are those of tiktoken', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.lorem({ maxCount: 60 }),
    fc.constantFrom('<|endoftext|> <|im_start|>', '', '漢字かな交じり文'.repeat(20), 'x'.repeat(200)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 6 }), async (texts) => {
      const sum = texts.reduce((tokens, one) => tokens + o200k.encode_ordinary(one).length, 0);
      assert.equal(await counter.count(texts, 'gpt-4o'), sum);
    }),
    { numRuns: 200 },
  );
});

test('each model is counted in its encoding, and an unknown one in the newest', async () => {
  const text = 'Ça coûte 12345 €, n’est-ce pas? Здравствуй, мир';
  const older = cl100k.encode_ordinary(text).length;
  const newer = o200k.encode_ordinary(text).length;
  assert.notEqual(older, newer);
  const models: readonly (readonly [model: string, tokens: number])[] = [
    ['gpt-4', older],
    ['gpt-4-0613', older],
    ['gpt-4-turbo-2099-01-01', older],
    ['gpt-3.5-turbo', older],
    ['ft:gpt-3.5-turbo-0125:acme::1', older],
    ['text-embedding-3-small', older],
    ['gpt-4o-2024-08-06', newer],
    ['gpt-4.1-mini', newer],
    ['gpt-5.4', newer],
    ['o3', newer],
    ['ft:gpt-4o:acme::1', newer],
    ['llama', newer],
    ['', newer],
  ];
  for (const [model, tokens] of models) assert.equal(await counter.count([text], model), tokens, model);
});

test('a long run of one kind is counted in linear time, and hardly above the truth', async () => {
  const short = 'word '.repeat(60_000);
  const plainMs = await timed(() => counter.count([short], 'gpt-4o'));
  for (const unit of ['a', ' ', '7', '\n', '=', '/\n', '漢', 'a\u0301']) {
    const text = unit.repeat(Math.floor(300_000 / unit.length));
    const ms = await timed(() => counter.count([text], 'gpt-4o'));
    // Quadratic time would be a minute and more.
    assert.ok(ms < plainMs * 100 + 3000, `${JSON.stringify(unit)} took ${ms} ms, plain text ${plainMs} ms`);
    const part = unit.repeat(1_500);
    const truth = o200k.encode_ordinary(part).length;
    const counted = await counter.count([part], 'gpt-4o');
    assert.ok(counted >= truth && counted <= truth + 24, `${JSON.stringify(unit)}: ${counted}, not ${truth}`);
  }
});

test('what is cut is the whole text, and a text without long runs is not cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('a', ' ', '😀', '\ud800', '/'), fc.nat({ max: 700 }))),
      (runs) => {
        const text = runs.map(([unit, count]) => unit.repeat(count)).join('');
        assert.equal([...cutLongRuns(text)].join(''), text);
      },
    ),
  );
  const prose = 'It was the best of times, it was the worst of times. '.repeat(500);
  assert.deepEqual([...cutLongRuns(prose)], [prose]);
});

test('the event loop goes on while two megabytes are counted', async () => {
  const text = 'The quick brown fox jumps over the lazy dog. '.repeat(45_000);
  await counter.count(['warm'], 'gpt-4o');
  const startedMs = performance.now();
  let lastMs = startedMs;
  let longestPauseMs = 0;
  const timer = setInterval(() => {
    longestPauseMs = Math.max(longestPauseMs, performance.now() - lastMs);
    lastMs = performance.now();
  }, 1);
  await counter.count([text], 'gpt-4o');
  clearInterval(timer);
  const tookMs = performance.now() - startedMs;
  longestPauseMs = Math.max(longestPauseMs, performance.now() - lastMs);
  assert.ok(longestPauseMs < tookMs / 4, `paused ${longestPauseMs} of ${tookMs} ms`);
});

test('counts that were asked for at once are told apart', async () => {
  const texts = Array.from({ length: 20 }, (_, index) => 'hello '.repeat(index).trimEnd());
  const counts = await Promise.all(texts.map((text) => counter.count([text], 'gpt-4o')));
  assert.deepEqual(
    counts,
    texts.map((text) => o200k.encode_ordinary(text).length),
  );
});

test('a crash rejects what was pending, quotes none of it, and the next count works', async () => {
  const fragile = createTokenCounter();
  const notText = { secret: 'sesame' } as unknown as string;
  const crashing = fragile.count([notText], 'gpt-4o');
  const innocent = fragile.count(['hello'], 'gpt-4o');
  for (const pending of [crashing, innocent]) {
    await assert.rejects(pending, (error: Error) => !`${error.stack}`.includes('sesame'));
  }
  assert.equal(await fragile.count(['hello'], 'gpt-4o'), 1);
  await fragile.close();
});

test('closing rejects what is pending, and may be done twice and without a count', async () => {
  const closing = createTokenCounter();
  await closing.close();
  const pending = assert.rejects(closing.count(['hello'], 'gpt-4o'));
  await closing.close();
  await closing.close();
  await pending;
});

test('an idle counter does not keep its process alive', async () => {
  const url = new URL('../../src/openai/count-tokens.ts', import.meta.url).href;
  const script = `import { createTokenCounter } from ${JSON.stringify(url)};
    console.log(await createTokenCounter().count(['hello'], 'gpt-4o'));`;
  const args = ['--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
  assert.equal(stdout, '1\n');
});

test('only models from before reasoning are trusted to show all of their output', () => {
  for (const model of [
    'gpt-4o',
    'gpt-4.1-mini',
    'gpt-4',
    'gpt-3.5-turbo',
    'chatgpt-4o-latest',
    'ft:gpt-4o:acme::1',
  ]) {
    assert.equal(mayThinkUnseen(model), false, model);
  }
  for (const model of [
    'o1',
    'o4-mini',
    'gpt-5',
    'gpt-5.6-sol',
    'gpt-oss-20b',
    'ft:o4-mini:acme::1',
    'qwen',
    '',
  ]) {
    assert.equal(mayThinkUnseen(model), true, model);
  }
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

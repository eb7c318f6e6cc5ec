import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { chargedRow } from '../harness/budget-rows.ts';
import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { billedTokens, chat, postJson, startGoverned } from '../harness/governed.ts';
import { startSidecar } from '../harness/sidecar.ts';

const daily = (limitTokens: number, more = '') =>
  `budgets: [{ name: day, limit: { tokens: ${limitTokens} }, window: { every: day }${more} }]`;

interface Sent {
  readonly n?: number;
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
  readonly max_output_tokens?: number;
}

for (const [path, member, body] of [
  ['/chat/completions', 'max_completion_tokens', chat(500, { max_completion_tokens: 1000 })],
  [
    '/chat/completions',
    'max_tokens',
    { ...chat(500, { max_completion_tokens: undefined }), max_tokens: 1000 },
  ],
  [
    '/responses',
    'max_output_tokens',
    { model: 'gpt-4o', input: 'Hi [[words:500]]', max_output_tokens: 1000 },
  ],
] as const) {
  test(`near the limit ${path} is asked for as much output as is left, by ${member}`, async (t) => {
    const { standIn, post, settled } = await startGoverned(t, { config: daily(200) });
    assert.equal((await post(path, body)).status, 200);
    const sent = standIn.requests[0]!.json as Sent;
    assert.ok(sent[member]! > 100 && sent[member]! < 200, `asked for ${sent[member]}`);
    // The model had more to say, so it used all that it was asked for; the input was held to a few tokens.
    const { used } = await settled('day');
    assert.equal(used, billedTokens(standIn));
    assert.ok(used <= 200 && used > 180, `used ${used}`);
  });
}

test('of several choices each is asked for its share of what is left', async (t) => {
  const { standIn, post, settled } = await startGoverned(t, { config: daily(400) });
  assert.equal(
    (await post('/chat/completions', chat(500, { n: 3, max_completion_tokens: 1000 }))).status,
    200,
  );
  const sent = standIn.requests[0]!.json as Sent;
  assert.equal(sent.n, 3);
  assert.ok(sent.max_completion_tokens! * 3 > 350 && sent.max_completion_tokens! * 3 < 400);
  assert.equal((await settled('day')).used, billedTokens(standIn));
  assert.ok(billedTokens(standIn) <= 400);
});

test('of two maxima that disagree the one that is too large is lowered, and the other left', async (t) => {
  const { standIn, post } = await startGoverned(t, { config: daily(200) });
  const both = chat(5, { max_tokens: 20, max_completion_tokens: 1000 });
  assert.equal((await post('/chat/completions', both)).status, 200);
  const sent = standIn.requests[0]!.json as Sent;
  assert.equal(sent.max_tokens, 20);
  assert.ok(sent.max_completion_tokens! < 200);
});

for (const [path, leastTokens, body] of [
  ['/responses', 16, { model: 'gpt-4o', input: 'Hi', max_output_tokens: 100 }],
  ['/chat/completions', 1, chat(1)],
] as const) {
  test(`no call of ${path} is asked for less than ${leastTokens}: what is left is too little for it`, async (t) => {
    const limits = Array.from({ length: 50 }, (_, index) => index + 5);
    const budgets = limits.map(
      (limit) =>
        `  - { name: b${limit}, match: { user: "${limit}" }, limit: { tokens: ${limit} }, window: { every: day } }`,
    );
    const config = `identity: { user: ["header:x-user"] }\nbudgets:\n${budgets.join('\n')}\n`;
    const { standIn, post } = await startGoverned(t, { config });
    let inputTokens: number | undefined;
    const denied: number[] = [];
    for (const limit of limits) {
      const before = standIn.requests.length;
      const answer = await post(path, body, { headers: { 'x-user': String(limit) } });
      if (answer.status === 429) {
        assert.equal(standIn.requests.length, before, 'what is refused is not sent');
        denied.push(limit);
        continue;
      }
      assert.equal(answer.status, 200);
      const sent = standIn.requests.at(-1)!.json as Sent;
      const asked = (sent.max_output_tokens ?? sent.max_completion_tokens)!;
      inputTokens ??= limit - asked;
      assert.equal(asked, limit - inputTokens, 'all that is left, and no more');
      assert.ok(asked >= leastTokens);
    }
    assert.ok(inputTokens !== undefined && denied.length > 0);
    assert.deepEqual(
      denied,
      limits.filter((limit) => limit < inputTokens + leastTokens),
    );
  });
}

test('with `onTight: deny` a call that does not fit as it is gets a 429', async (t) => {
  const { standIn, post, budget } = await startGoverned(t, { config: daily(200, ', onTight: deny') });
  const answer = await post('/chat/completions', chat(5, { max_completion_tokens: 1000 }));
  assert.equal(answer.status, 429);
  assert.equal(standIn.requests.length, 0);
  assert.ok(!(await budget('day'))?.held);
  assert.equal((await post('/chat/completions', chat(5))).status, 200);
  assert.equal((standIn.requests[0]!.json as Sent).max_completion_tokens, 100);
});

test('a lowered maximum changes its own digits and no other byte', async (t) => {
  const written = oddBody('"max_completion_tokens" :\t1000');
  const seen = await sentOn(t, daily(100), written);
  const [asked = ''] = /(?<=:\t)\d+/.exec(seen) ?? [];
  assert.ok(Number(asked) < 100, asked);
  assert.equal(seen, written.replace('\t1000', `\t${asked}`));
});

test('a call that fits passes as it was written, byte by byte', async (t) => {
  const written = oddBody('"max_completion_tokens" :\t1000');
  assert.equal(await sentOn(t, daily(100_000), written), written);
});

const defaults = 'estimates: { outputTokens: 500 }\n';

for (const [path, member, body] of [
  ['/chat/completions', 'max_completion_tokens', chat(5, { max_completion_tokens: undefined })],
  ['/responses', 'max_output_tokens', { model: 'gpt-4o', input: 'Hi' }],
] as const) {
  test(`a call of ${path} without a maximum gets the default one where an enforced budget matches`, async (t) => {
    const { standIn, post } = await startGoverned(t, { config: defaults + daily(100_000) });
    assert.equal((await post(path, body)).status, 200);
    assert.equal((standIn.requests[0]!.json as Sent)[member], 500);
  });
}

for (const [where, config] of [
  ['only an observing budget is', defaults + daily(100_000, ', mode: observe')],
  ["only another model's budget is", defaults + daily(100_000, ', match: { model: gpt-5 }')],
  ['the default is the most that the model puts out', daily(100_000)],
] as const) {
  test(`a call without a maximum stays without where ${where}`, async (t) => {
    const written = oddBody('"n": 1');
    assert.equal(await sentOn(t, config, written), written);
  });
}

test('a call that has ended gives its room back: the next one is asked for more', async (t) => {
  const upstream = await startGatedUpstream(t);
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: daily(1000) });
  const url = `${sidecar.url}/chat/completions`;
  const asked = async (count: number) =>
    (JSON.parse((await upstream.arrival(count)).text) as Sent).max_completion_tokens!;
  const first = postJson(url, chat(1, { max_completion_tokens: 700 }));
  assert.equal(await asked(1), 700);
  const second = postJson(url, chat(1, { max_completion_tokens: 700 }));
  assert.ok((await asked(2)) < 300);
  for (const arrival of upstream.arrivals) arrival.answer();
  await Promise.all([first, second]);
  assert.equal((await chargedRow(sidecar, { name: 'day' })).used, 60);
  const third = postJson(url, chat(1, { max_completion_tokens: 700 }));
  assert.equal(await asked(3), 700);
  upstream.arrivals[2]!.answer();
  await third;
});

/** A chat as no serializer would write it. */
function oddBody(member: string): string {
  const messages = '[ {"role":"user", "content":"\\u0048i é"} ]';
  return `{ "model":"gpt-4o",\n  "messages" : ${messages},${member} ,  "seed": 12345678901234567890, "temperature":1.0e0 }\n`;
}

/** What the upstream gets of a chat that is written like this. */
async function sentOn(t: TestContext, config: string, body: string): Promise<string> {
  const upstream = await startGatedUpstream(t);
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config });
  const headers = { 'content-type': 'application/json' };
  const answer = fetch(`${sidecar.url}/chat/completions`, { method: 'POST', headers, body });
  const arrival = await upstream.arrival(1);
  arrival.answer();
  assert.equal((await answer).status, 200);
  return arrival.text;
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import OpenAI from 'openai';

import { seededRandom } from '../chaos/seeded-random.ts';
import { chargedRow } from '../harness/budget-rows.ts';
import { postJson } from '../harness/governed.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { until } from '../harness/redis.ts';
import { type Sidecar, startSidecar, upstreamKey } from '../harness/sidecar.ts';
import { type SeenRequest, type StandIn, startStandIn } from '../stand-in/stand-in.ts';

const calls = 120;
const together = 8;
/** Nano-USD a token, input and output. */
const prices: Readonly<Record<string, readonly [number, number]>> = {
  'gpt-4o': [2500, 10_000],
  'gpt-4o-mini': [150, 600],
  'text-embedding-3-small': [20, 0],
};
/** Whose end nobody tells: the sidecar has to estimate what they cost. */
const untold = 'untold';

const seed = Number(process.env['NUMBERS_SEED'] ?? Math.floor(Math.random() * 1e9));

test('tokens and cost by /metrics, by the ledger and by the upstream’s count are the same, whatever happens to calls', async (t) => {
  t.diagnostic(`NUMBERS_SEED=${seed}`);
  const random = seededRandom(seed);
  const standIn = await startStandIn({ apiKey: upstreamKey, assistants: 'retired' });
  t.after(() => standIn.close());
  const sidecar = await startSidecar(t, {
    upstreamUrl: standIn.url,
    config: `
identity: { org: acme, team: [metadata.team] }
budgets:
  - { name: all, limit: { tokens: 1000000000, usd: 100000 }, window: { every: month } }
  - { name: team, per: [team], limit: { tokens: 1000000000 }, window: { every: month } }
retry: { baseMs: 1, maxMs: 20, budgetPercent: 100 }
circuit: { minCalls: 100000 }
`,
  });
  const client = new OpenAI({ baseURL: sidecar.url, apiKey: 'any', maxRetries: 0 });
  let begun = 0;
  const drive = async () => {
    while (begun++ < calls) await oneOf(kinds, random)({ sidecar, standIn, client, random });
  };
  await Promise.all(Array.from({ length: together }, drive));
  await until(async () => (await metricSum(sidecar, 'assistant_proxy_holds_live')) === 0);
  await until(async () => (await metricSum(sidecar, 'assistant_proxy_settlements_pending')) === 0);
  await chargedRow(sidecar, { name: 'all', unit: 'tokens' });

  const sum = (name: string, labels: Record<string, string> = {}) =>
    metricSum(sidecar, `assistant_proxy_${name}`, labels);
  const rows = await sidecar.budgets();
  const used = (name: string, unit: string) =>
    rows.filter((row) => row.name === name && row.unit === unit).reduce((all, row) => all + row.used, 0);

  // All of it, what was estimated too: the ledger's own count.
  assert.equal(await sum('charged_tokens_total'), used('all', 'tokens'));
  assert.equal(await sum('budget_charged_total', { budget: 'all', unit: 'tokens' }), used('all', 'tokens'));
  assert.equal(await sum('budget_used', { budget: 'all', unit: 'tokens' }), used('all', 'tokens'));
  assert.equal(await sum('budget_charged_total', { budget: 'team' }), used('team', 'tokens'));
  assert.equal(used('team', 'tokens'), used('all', 'tokens'));
  near(await sum('charged_usd_total'), used('all', 'usd'));
  near(await sum('budget_charged_total', { budget: 'all', unit: 'usd' }), used('all', 'usd'));

  // What the upstream told, by all three.
  const told = standIn.requests.filter((request) => !isUntold(request));
  const [input, output] = [
    await sum('tokens_total', { kind: 'input' }),
    await sum('tokens_total', { kind: 'output' }),
  ];
  assert.equal(
    input,
    total(told, ({ usage }) => usage?.inputTokens ?? 0),
  );
  assert.equal(
    output,
    total(told, ({ usage }) => usage?.outputTokens ?? 0),
  );
  assert.equal(input + output, await sum('charged_tokens_total', { estimated: 'false' }));
  near(await sum('cost_usd_total'), total(told, nanoUsdOf) / 1e9);
  near(await sum('cost_usd_total'), await sum('charged_usd_total', { estimated: 'false' }));

  // Of the others no less is charged than they cost.
  const others = standIn.requests.filter(isUntold);
  assert.ok((await sum('charged_tokens_total', { estimated: 'true' })) >= total(others, tokensOf));
  assert.equal(await sum('settlements_total', { estimated: 'true' }), others.length);
  assert.ok(others.length > 0 && (await sum('retries_total')) > 0 && (await sum('runs_ended_total')) > 0);
});

interface World {
  readonly sidecar: Sidecar;
  readonly standIn: StandIn;
  readonly client: OpenAI;
  readonly random: () => number;
}

const kinds: readonly ((world: World) => Promise<unknown>)[] = [
  ({ client, random }) => client.chat.completions.create(chat(random)),
  ({ client, random }) => client.responses.create(response(random)),
  ({ client, random }) =>
    client.embeddings.create({ model: 'text-embedding-3-small', input: words(random), user: 'u1' }),
  async ({ client, random }) => {
    for await (const _ of await client.chat.completions.create({ ...chat(random), stream: true }));
  },
  async ({ client, random }) => {
    for await (const _ of await client.responses.create({ ...response(random), stream: true }));
  },
  retried,
  failed,
  leftInTheMiddle,
  untoldStream,
  inTheBackground,
  run,
];

/** Refused, and sent again. */
async function retried({ client, random }: World): Promise<void> {
  const headers = { 'x-stand-in-fault': `status code=rate_limit_exceeded times=1 key=${random()}` };
  await client.chat.completions.create(chat(random), { headers }).catch(() => {});
}

async function failed({ sidecar, random }: World): Promise<void> {
  const answer = await postJson(`${sidecar.url}/chat/completions`, { ...chat(random), messages: 'none' });
  await answer.text();
}

/** A stream of a response, which the upstream tells of afterwards. */
async function leftInTheMiddle({ client, random }: World): Promise<void> {
  const input = `Hello [[words:60]] [[delayMs:5]]`;
  const stream = await client.responses.create({ ...response(random), input, stream: true });
  await sleep(random() * 60);
  stream.controller.abort();
}

/** A stream of which nobody tells how it ended. */
async function untoldStream({ client, random }: World): Promise<void> {
  const content = `Hello [[words:90]] [[delayMs:10]]`;
  const body = { ...chat(random, untold), messages: [{ role: 'user' as const, content }] };
  const stream = await client.chat.completions.create({ ...body, stream: true });
  for await (const _ of stream) break;
}

/** Told to whoever asks, and that twice. */
async function inTheBackground({ client, random }: World): Promise<void> {
  const { id } = await client.responses.create({ ...response(random), background: true });
  await until(async () => (await client.responses.retrieve(id)).status === 'completed');
  await client.responses.retrieve(id);
}

async function run({ client, random }: World): Promise<void> {
  const { assistants, threads } = client.beta;
  const assistant = await assistants.create({ model: 'gpt-4o' });
  const thread = await threads.create({ messages: [{ role: 'user', content: words(random) }] });
  await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id }, { pollIntervalMs: 20 });
}

function chat(random: () => number, team = oneOf(['search', 'ads', ''], random)) {
  return {
    model: oneOf(['gpt-4o', 'gpt-4o-mini'], random),
    messages: [{ role: 'user' as const, content: words(random) }],
    max_completion_tokens: 100,
    metadata: { team },
  };
}

function response(random: () => number) {
  return { model: 'gpt-4o', input: words(random), max_output_tokens: 100, metadata: { team: 'search' } };
}

function words(random: () => number): string {
  return `${'word '.repeat(1 + Math.floor(random() * 40))}[[words:${1 + Math.floor(random() * 40)}]]`;
}

function oneOf<Value>(values: readonly Value[], random: () => number): Value {
  return values[Math.floor(random() * values.length)]!;
}

function isUntold({ json }: SeenRequest): boolean {
  return (json as { metadata?: { team?: string } } | undefined)?.metadata?.team === untold;
}

function tokensOf({ usage }: SeenRequest): number {
  return (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
}

function nanoUsdOf({ json, usage }: SeenRequest): number {
  if (!usage) return 0;
  const [input, output] = prices[(json as { model: string }).model]!;
  assert.equal(usage.cachedTokens, 0);
  return usage.inputTokens * input + usage.outputTokens * output;
}

function total(requests: readonly SeenRequest[], amount: (request: SeenRequest) => number): number {
  return requests.reduce((sum, request) => sum + amount(request), 0);
}

/** Sums of floats in another order. */
function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-9 * Math.max(1, expected), `${actual} is not ${expected}`);
}

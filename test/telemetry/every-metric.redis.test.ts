import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import OpenAI from 'openai';

import { nothing } from '../../src/ledger/amounts.ts';
import { metricDefinitions } from '../../src/telemetry/metric-definitions.ts';
import { chargeInHour } from '../drift/charge-in-hour.ts';
import { type Family, parseExposition } from '../harness/parse-exposition.ts';
import { startRedis, until } from '../harness/redis.ts';
import { type Sidecar, startSidecar, upstreamKey } from '../harness/sidecar.ts';
import { answerJson, readText } from '../harness/upstream.ts';
import { openReadyLedger } from '../redis/open-ledger.ts';
import { startStandIn } from '../stand-in/stand-in.ts';
import { createAuthority } from '../upstream/certificates.ts';

const definitions = Object.values(metricDefinitions);

test('/metrics of a sidecar that does everything has every metric of the definitions and of the README, and no other', async (t) => {
  const { sidecar, client, redis, primary } = await startEverything(t);
  await ask(client, 'Hello');
  const seen = namesWithSamples(await familiesOf(sidecar));

  await Promise.all([
    converse(client),
    beRefused(client),
    waitForTurns(client),
    redactSomething(client),
    repeatItself(client),
    workInTheBackground(client),
  ]);
  primary.fail({ kind: 'status', code: 'insufficient_quota' });
  await ask(client, 'Answered by the fallback, which paces');
  await ask(client, 'Again');
  await assert.rejects(ask(client, 'Fail'));
  await until(async () => namesWithSamples(await familiesOf(sidecar)).has(metricDefinitions.holdsSwept.name));
  await until(async () =>
    namesWithSamples(await familiesOf(sidecar)).has(metricDefinitions.telemetryDropped.name),
  );
  await until(async () =>
    namesWithSamples(await familiesOf(sidecar)).has(metricDefinitions.providerCost.name),
  );
  const families = await familiesOf(sidecar);
  for (const name of namesWithSamples(families)) seen.add(name);

  await redis.stop();
  await assert.rejects(ask(client, 'Refused'), /store/);
  for (const name of namesWithSamples(await familiesOf(sidecar))) seen.add(name);

  const names = definitions.map(({ name }) => name).toSorted();
  assert.deepEqual([...families.keys()].toSorted(), names);
  for (const { name, type } of definitions) assert.equal(families.get(name)?.type, type, name);
  assert.deepEqual([...seen].toSorted(), names, 'all of them have samples');
  assert.deepEqual(namesInReadme().toSorted(), names);
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'process_start_time_seconds',
    'process_open_fds',
  ]) {
    assert.ok(families.get(name)!.samples[0]!.value > 0, name);
  }
  for (const definition of definitions) labelsAreThoseOf(definition, families.get(definition.name)!);
});

test('a scraper that asks for OpenMetrics gets that, and others get what they always got', async (t) => {
  const { sidecar, client } = await startEverything(t);
  await ask(client, 'Hello');
  const answer = await fetch(`${sidecar.adminUrl}/metrics`, {
    headers: { accept: 'application/openmetrics-text; version=1.0.0; charset=utf-8, text/plain;q=0.5' },
  });
  assert.match(String(answer.headers.get('content-type')), /^application\/openmetrics-text; version=1\.0\.0/);
  const text = await answer.text();
  assert.ok(text.endsWith('# EOF\n'));
  const families = parseExposition(text);
  assert.equal(families.get('assistant_proxy_requests')?.samples[0]?.name, 'assistant_proxy_requests_total');
  // Asked for in turns, neither format spoils the other.
  assert.ok(parseExposition(await sidecar.metrics()).has('assistant_proxy_requests_total'));
  assert.equal(families.size, definitions.length);
});

/** Stores, budgets, limits, redaction, runs, a fallback behind TLS, a webhook that nobody answers. */
async function startEverything(t: TestContext) {
  const redis = await startRedis(t);
  const primary = await startStandIn({ apiKey: upstreamKey, assistants: 'retired' });
  t.after(() => primary.close());
  const authority = createAuthority(t);
  const secondUrl = await startPacedFallback(t, authority.issue());
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'keys'), `k1:${Buffer.alloc(32, 7).toString('base64')}\n`);
  const { ledger } = await openReadyLedger(t, redis.url, { keyPrefix: 'assistant-proxy' });
  await chargeInHour(ledger, 'acme', Date.now() - 73 * 3_600_000, nothing);
  const sidecar = await startSidecar(t, {
    upstreamUrl: primary.url,
    config: `
store: { redisUrl: "${redis.url}", encryptionKeyFile: "${join(folder, 'keys')}", timeoutMs: 500 }
identity: { org: acme, team: [metadata.team], app: [metadata.app], user: [metadata.user] }
upstream:
  caFile: "${authority.caFile}"
  fallbacks: [{ name: second, baseUrl: "${secondUrl}", apiKey: sk-second }]
retry: { baseMs: 1, maxMs: 50 }
overload: { maxConcurrent: 4, queueUpToMs: 30000 }
budgets:
  - { name: month, limit: { tokens: 100000000, usd: 1000 }, window: { every: month } }
  - { name: week, per: [user], limit: { tokens: 10000000 }, window: { rolling: 7d } }
  - { name: tiny, match: { team: [broke] }, limit: { tokens: 1 }, window: { every: day } }
  - { name: watched, limit: { tokens: 1 }, window: { every: day }, mode: observe }
limits:
  - { name: slow, match: { app: [slow] }, requests: { rate: 20, per: second, burst: 1 }, waitUpToMs: 10000 }
thresholdPercents: [1]
webhook: { url: "http://127.0.0.1:1/hook", timeoutMs: 500 }
drift: { adminKey: "${primary.adminKey}", baseUrl: "${primary.url}", delayMinutes: 0 }
redaction:
  mode: pseudonymize
  optOut: allow
  analyzer: { url: "http://127.0.0.1:1", onFailure: skip }
`,
  });
  const client = new OpenAI({ baseURL: sidecar.url, apiKey: 'any', maxRetries: 0 });
  return { sidecar, client, redis, primary };
}

/** Says that its limit is used up for a moment, and fails when it is asked to. */
async function startPacedFallback(t: TestContext, identity: { key: Buffer; cert: Buffer }): Promise<string> {
  const server = createServer(identity, async (request, response) => {
    if ((await readText(request)).includes('"Fail"')) return answerJson(response, {}, 502);
    response.setHeader('x-ratelimit-limit-requests', '10');
    response.setHeader('x-ratelimit-remaining-requests', '0');
    response.setHeader('x-ratelimit-reset-requests', '1s');
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    answerJson(response, { id: 'chatcmpl-1', object: 'chat.completion', choices: [], usage });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://localhost:${(server.address() as AddressInfo).port}/v1`;
}

function chat(content: string, metadata: Record<string, string> = {}) {
  return {
    model: 'gpt-4o',
    messages: [{ role: 'user' as const, content }],
    max_completion_tokens: 50,
    metadata: { team: 'search', app: 'chat', user: 'u1', ...metadata },
  };
}

async function ask(client: OpenAI, content: string, metadata: Record<string, string> = {}): Promise<void> {
  await client.chat.completions.create(chat(content, metadata));
}

async function converse(client: OpenAI): Promise<void> {
  const stream = await client.chat.completions.create({ ...chat('Hi [[words:20]]'), stream: true });
  for await (const _ of stream);
  const { threads, assistants } = client.beta;
  const assistant = await assistants.create({ model: 'gpt-4o' });
  const thread = await threads.create({ messages: [{ role: 'user', content: 'Hello' }] });
  await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id }, { pollIntervalMs: 50 });
}

async function beRefused(client: OpenAI): Promise<void> {
  await assert.rejects(ask(client, 'Hello', { team: 'broke' }), /Budget tiny/);
}

/** At the limit, and at the upstream's places. */
async function waitForTurns(client: OpenAI): Promise<void> {
  await Promise.all([1, 2].map(() => ask(client, 'Hello', { app: 'slow' })));
  await Promise.all(Array.from({ length: 12 }, () => ask(client, 'Hello [[thinkMs:30]]')));
}

async function redactSomething(client: OpenAI): Promise<void> {
  await client.responses.create({ model: 'gpt-4o', input: 'Write to anna.schmidt@example.org' });
  await ask(client, 'Hello', { redact: 'false' });
}

async function repeatItself(client: OpenAI): Promise<void> {
  const options = { headers: { 'idempotency-key': 'again' } };
  for (let round = 0; round < 2; round += 1) {
    await client.chat.completions.create(chat('Once'), options);
  }
}

/** Whose end only the sweeper hears of. */
async function workInTheBackground(client: OpenAI): Promise<void> {
  await client.responses.create({ model: 'gpt-4o', input: 'Later', background: true });
}

async function familiesOf(sidecar: Sidecar): Promise<Map<string, Family>> {
  return parseExposition(await sidecar.metrics());
}

function namesWithSamples(families: Map<string, Family>): Set<string> {
  return new Set([...families].filter(([, { samples }]) => samples.length > 0).map(([name]) => name));
}

function labelsAreThoseOf({ name, labelNames }: (typeof definitions)[number], family: Family): void {
  for (const { labels } of family.samples) {
    const { le: _, ...own } = labels;
    assert.deepEqual(Object.keys(own).toSorted(), [...labelNames].toSorted(), name);
  }
}

function namesInReadme(): string[] {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const table = readme.split('<!-- generated:metrics -->')[1]?.split('<!-- /generated:metrics -->')[0] ?? '';
  return [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => String(name));
}

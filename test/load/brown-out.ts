import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { Agent, request } from 'undici';

import type { BudgetReport } from '../../src/ledger/budget-report.ts';
import { writeConfig } from '../harness/config-file.ts';
import type { Lifetime } from '../harness/lifetime.ts';
import { type RunningProcess, spawnSidecar } from '../harness/processes.ts';
import { until } from '../harness/redis.ts';

export interface BrownOut {
  readonly callers: number;
  /** How long the upstream takes while it is slow. */
  readonly latencyMs: number;
  readonly slowForMs: number;
  /** These three as the section `circuit` of a configuration has them. */
  readonly slowMs: number;
  readonly windowMs: number;
  readonly openMs: number;
  /** Between two calls of one caller. */
  readonly pauseMs: number;
}

export interface BrownOutFigures {
  readonly answered: number;
  /** With `circuit_open`. */
  readonly refused: number;
  /** In any other way. */
  readonly failed: number;
  readonly refusalMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly slowRefusals: number;
  readonly memoryMiB: { readonly before: number; readonly peak: number; readonly after: number };
  /** From the upstream's turning slow until the circuit was open. */
  readonly openedAfterMs: number;
  readonly openForMs: number;
  /** Calls that reached the upstream meanwhile. */
  readonly probes: number;
  /** Those of them that came when the upstream was well again. */
  readonly probesWhenWell: number;
  /** From the upstream's being well again until the first call was answered. */
  readonly answeredAgainAfterMs: number;
  /** Calls that went wrong in any way once the circuit had closed. */
  readonly failedAfterwards: number;
  readonly heldTokens: number;
  readonly inFlightAfterwards: number;
}

/** A refusal that takes longer was no refusal at once. */
const slowRefusalMs = 50;
const budget = 'budgets: [{ name: month, limit: { tokens: 1000000000 }, window: { every: month } }]';

/** An upstream that is well, then takes very long for a while, and is well again; callers never stop calling. */
export async function runBrownOut(lifetime: Lifetime, options: BrownOut): Promise<BrownOutFigures> {
  const upstream = await startSlowingUpstream(lifetime);
  const { slowMs, windowMs, openMs } = options;
  const circuit = `circuit: { slowMs: ${slowMs}, windowMs: ${windowMs}, openMs: ${openMs} }`;
  const config = writeConfig(lifetime, `${budget}\n${circuit}`);
  const sidecar = await spawnSidecar(lifetime, upstream.url, { ASSISTANT_PROXY_CONFIG: config });
  const agent = new Agent({ connections: null });
  lifetime.after(() => agent.destroy());

  const ends: CallEnd[] = [];
  const over = new AbortController();
  lifetime.after(async () => over.abort());
  const callers = Array.from({ length: options.callers }, async () => {
    while (!over.signal.aborted) {
      ends.push(await call(agent, sidecar.url));
      await sleep(options.pauseMs);
    }
  });
  await sleep(options.pauseMs * 8);
  const before = sidecar.residentMiB();
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, sidecar.residentMiB())), 50);

  const slowAtMs = Date.now();
  upstream.takes(options.latencyMs);
  await sleep(options.slowForMs);
  const wellAtMs = Date.now();
  upstream.takes(0);
  await until(async () => closedAtMs(sidecar) !== undefined, slowMs + openMs * 4 + 30_000);
  await sleep(options.pauseMs * 8);
  over.abort();
  await Promise.all(callers);
  clearInterval(watch);
  // What the upstream was asked while it was slow may still be on its way.
  await sleep(options.latencyMs);

  const openAtMs = circuitChanges(sidecar).find(({ circuit }) => circuit === 'open')?.time ?? Number.NaN;
  const closed = closedAtMs(sidecar)!;
  const refusals = ends.filter(({ how }) => how === 'refused').map(({ tookMs }) => tookMs);
  refusals.sort((a, b) => a - b);
  const quantile = (share: number) => refusals[Math.floor(refusals.length * share)] ?? Number.NaN;
  const count = (wanted: CallEnd['how']) => ends.filter(({ how }) => how === wanted).length;
  const probes = upstream.arrivalsMs.filter((atMs) => atMs > openAtMs + graceMs && atMs < closed);
  const again = ends.find(({ how, startedAtMs }) => how === 'answered' && startedAtMs >= wellAtMs);
  return {
    answered: count('answered'),
    refused: count('refused'),
    failed: count('failed'),
    refusalMs: { p50: quantile(0.5), p99: quantile(0.99), max: refusals.at(-1) ?? Number.NaN },
    slowRefusals: refusals.filter((ms) => ms > slowRefusalMs).length,
    memoryMiB: { before, peak, after: sidecar.residentMiB() },
    openedAfterMs: openAtMs - slowAtMs,
    openForMs: closed - openAtMs,
    probes: probes.length,
    probesWhenWell: probes.filter((atMs) => atMs >= wellAtMs).length,
    answeredAgainAfterMs: again ? again.startedAtMs + again.tookMs - wellAtMs : Number.NaN,
    failedAfterwards: ends.filter(({ how, startedAtMs }) => startedAtMs > closed && how !== 'answered')
      .length,
    heldTokens: await heldTokens(sidecar),
    inFlightAfterwards: upstream.inFlight(),
  };
}

/** How long a call that had left the sidecar may take to the upstream. */
const graceMs = 50;

interface SlowingUpstream {
  readonly url: string;
  /** When calls came, in Unix milliseconds. */
  readonly arrivalsMs: readonly number[];
  inFlight(): number;
  /** So long it takes from now on until an answer begins. */
  takes(latencyMs: number): void;
}

async function startSlowingUpstream(lifetime: Lifetime): Promise<SlowingUpstream> {
  const arrivalsMs: number[] = [];
  let inFlight = 0;
  let latencyMs = 0;
  const server = createServer((incoming, response) => {
    arrivalsMs.push(Date.now());
    inFlight += 1;
    const answering = setTimeout(() => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(events);
    }, latencyMs);
    incoming.resume();
    response.once('close', () => {
      clearTimeout(answering);
      inFlight -= 1;
    });
  });
  lifetime.after(async () => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    arrivalsMs,
    inFlight: () => inFlight,
    takes: (ms) => (latencyMs = ms),
  };
}

const events = [
  '{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}',
  '{"id":"c","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}',
  '[DONE]',
]
  .map((data) => `data: ${data}\n\n`)
  .join('');

interface CallEnd {
  readonly how: 'answered' | 'refused' | 'failed';
  readonly startedAtMs: number;
  readonly tookMs: number;
}

const body = JSON.stringify({
  model: 'gpt-4o',
  messages: [{ role: 'user', content: 'Hello' }],
  max_completion_tokens: 16,
  stream: true,
  stream_options: { include_usage: true },
});

async function call(dispatcher: Agent, url: string): Promise<CallEnd> {
  const [startedAtMs, sentAtMs] = [Date.now(), performance.now()];
  const how = await request(`${url}/chat/completions`, {
    method: 'POST',
    dispatcher,
    headers: { 'content-type': 'application/json' },
    body,
  })
    .then(async (answer) => {
      const text = await answer.body.text();
      if (answer.statusCode === 200 && text.endsWith('data: [DONE]\n\n')) return 'answered';
      return text.includes('"code":"circuit_open"') && answer.headers['retry-after'] ? 'refused' : 'failed';
    })
    .catch(() => 'failed' as const);
  return { how, startedAtMs, tookMs: performance.now() - sentAtMs };
}

interface CircuitChange {
  readonly circuit: string;
  readonly time: number;
}

function circuitChanges(sidecar: RunningProcess): CircuitChange[] {
  const lines = sidecar.output().split('\n');
  return lines
    .filter((line) => line.includes('"msg":"circuit"'))
    .map((line) => JSON.parse(line) as CircuitChange);
}

/** When it closed at last; undefined while it is open, or if it never was. */
function closedAtMs(sidecar: RunningProcess): number | undefined {
  const last = circuitChanges(sidecar).at(-1);
  return last?.circuit === 'closed' ? last.time : undefined;
}

async function heldTokens({ adminUrl }: RunningProcess): Promise<number> {
  const rows = (await (await fetch(`${adminUrl}/budgets`)).json()) as BudgetReport[];
  return rows.reduce((sum, { held }) => sum + held, 0);
}

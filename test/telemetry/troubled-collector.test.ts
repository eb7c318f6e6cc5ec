import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';

import { temporaryDirectory } from '../embedded/temporary-directory.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { spawnSidecar } from '../harness/processes.ts';
import { until } from '../harness/redis.ts';
import { type Sidecar, startSidecar, upstreamKey } from '../harness/sidecar.ts';
import { startSocketUpstream } from '../harness/upstream.ts';
import { type StandIn, startStandIn } from '../stand-in/stand-in.ts';

const onceAsked = (socket: Socket, answer: string) => void socket.once('data', () => socket.end(answer));

/** What a collector may do instead of its work. */
const troubles: Readonly<Record<string, (socket: Socket) => void>> = {
  'that breaks off': (socket) => void socket.destroy(),
  'that refuses': (socket) => onceAsked(socket, 'HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n'),
  'that asks to come back in a week': (socket) =>
    onceAsked(socket, 'HTTP/1.1 503 Unavailable\r\nretry-after: 604800\r\ncontent-length: 0\r\n\r\n'),
  'that talks garbage': (socket) => onceAsked(socket, '\u0000\u0001 no HTTP \r\n\r\n'),
};

async function startStandInFor(t: TestContext): Promise<StandIn> {
  const standIn = await startStandIn({ apiKey: upstreamKey });
  t.after(() => standIn.close());
  return standIn;
}

async function startWith(t: TestContext, collectorPort: number): Promise<Sidecar> {
  const { url } = await startStandInFor(t);
  return startSidecar(t, { upstreamUrl: url, env: endpoint(collectorPort) });
}

function endpoint(port: number): Record<string, string> {
  return { ASSISTANT_PROXY_TELEMETRY_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
}

async function call({ url }: { url: string }, times: number): Promise<void> {
  const answers = await Promise.all(Array.from({ length: times }, () => fetch(`${url}/models`)));
  for (const answer of answers) {
    assert.equal(answer.status, 200);
    await answer.text();
  }
}

/** Two for a call at least: it, and its attempt. On a busy machine it may have waited in between, too. */
const dropped = (sidecar: Sidecar) =>
  metricSum(sidecar, 'assistant_proxy_telemetry_dropped_total', { signal: 'span' });

for (const [what, trouble] of Object.entries(troubles)) {
  test(`a collector ${what} costs its spans, which are counted, and no request`, async (t) => {
    const collector = await startSocketUpstream(t, trouble);
    const sidecar = await startWith(t, collector.port);
    await call(sidecar, 5);
    await until(async () => (await dropped(sidecar)) >= 10);
    assert.ok(
      sidecar.logLines().some(({ msg, level }) => msg === 'traces not delivered' && level === 'warn'),
    );
    assert.equal(await sidecar.shutDown(), true);
  });
}

test('a collector that is down costs its spans, which are counted, and no request', async (t) => {
  const sidecar = await startWith(t, 9);
  await call(sidecar, 5);
  await until(async () => (await dropped(sidecar)) >= 10);
  assert.equal(await sidecar.shutDown(), true);
});

test('a collector that takes spans and answers garbage has taken them', async (t) => {
  let asked = 0;
  const collector = await startSocketUpstream(t, (socket) => {
    socket.once('data', () => {
      asked += 1;
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n\u0000\u0001garbage');
    });
  });
  const sidecar = await startWith(t, collector.port);
  await call(sidecar, 5);
  await until(async () => asked > 0);
  // What is delivered next is so behind that.
  await call(sidecar, 1);
  await until(async () => asked > 1);
  assert.equal(await dropped(sidecar), 0);
  assert.ok(!sidecar.logLines().some(({ msg }) => msg === 'traces not delivered'));
});

test('spans that a collector takes too slowly are dropped, counted, and held up to a bound', async (t) => {
  const collector = await startSocketUpstream(t, () => {});
  const sidecar = await startWith(t, collector.port);
  for (let batch = 0; batch < 40; batch += 1) await call(sidecar, 50);
  // Of 4000 spans 2048 wait, and a few batches of 512 are on their way.
  assert.ok((await dropped(sidecar)) > 0);
});

test('a collector that never ends its answer does not keep the process from its end', async (t) => {
  const dripping = new Set<NodeJS.Timeout>();
  t.after(() => dripping.forEach(clearInterval));
  const collector = await startSocketUpstream(t, (socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n');
      dripping.add(setInterval(() => socket.write('x'), 50));
    });
  });
  const { url } = await startStandInFor(t);
  const sidecar = await spawnSidecar(t, url, {
    ASSISTANT_PROXY_STORE_STATE_DIR: temporaryDirectory(t),
    ...endpoint(collector.port),
  });
  await call(sidecar, 5);
  await until(async () => dripping.size > 0);
  sidecar.signal('SIGTERM');
  assert.equal(await sidecar.exitCode, 0);
});

test('SIGTERM sends what the collector has not had yet', async (t) => {
  const received: string[] = [];
  const collector = await startSocketUpstream(t, (socket) => {
    socket.on('data', (bytes) => {
      received.push(bytes.toString('latin1'));
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
  });
  const { url } = await startStandInFor(t);
  const sidecar = await spawnSidecar(t, url, {
    ASSISTANT_PROXY_STORE_STATE_DIR: temporaryDirectory(t),
    ASSISTANT_PROXY_TELEMETRY_OTLP_HEADERS: 'x-tenant=acme,authorization=Basic,x-equals=a==',
    ...endpoint(collector.port),
  });
  await call(sidecar, 1);
  sidecar.signal('SIGTERM');
  assert.equal(await sidecar.exitCode, 0);
  const request = received.join('');
  assert.match(request, /^POST \/v1\/traces HTTP\/1\.1\r\n/);
  assert.match(request, /\r\nx-tenant: acme\r\n/i);
  assert.match(request, /\r\nx-equals: a==\r\n/i);
  assert.match(request, /GET \/models/);
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import fc from 'fast-check';

import { errorTable } from '../../src/error-table.ts';
import { type RunningProcess, spawnSidecar } from '../harness/processes.ts';
import { upstreamKey } from '../harness/sidecar.ts';
import { startUpstream } from '../harness/upstream.ts';
import { type Caller, type Played, createCaller } from './http-edge/caller.ts';
import { type Arrival, basePath, faultOf, isFaithful, lineUpstream } from './http-edge/expected-arrivals.ts';
import { type Input, hostileInputs, markerPlaceholder } from './http-edge/hostile-inputs.ts';
import {
  type ReferenceReading,
  type ReferenceRequest,
  readRequests,
} from './http-edge/reference-requests.ts';
import type { ReferenceResponse } from './http-edge/reference-responses.ts';

const batches = 500;
const batchInputs = 200;
/** Connections in use at one time. */
const lanes = 40;

test(`${batches * batchInputs} hostile inputs over real sockets get no wrong answer`, async (t) => {
  const upstream = await startEcho(t);
  const sidecar = await spawnSidecar(t, upstream.url, {
    ASSISTANT_PROXY_LISTEN_MAX_BODY_BYTES: '4096',
    // Little enough that a leak of a kilobyte for each input would end it.
    NODE_OPTIONS: '--max-old-space-size=96 --max-semi-space-size=8',
  });
  const port = Number(new URL(sidecar.url).port);
  const callers = Array.from({ length: lanes }, () => createCaller(port));
  t.after(() => callers.forEach((caller) => caller.close()));
  let inputs = 0;
  let markers = 0;
  let served = 0;
  let refused = 0;
  const before = { openFiles: await metric(sidecar, 'process_open_fds'), residentMiB: sidecar.residentMiB() };

  async function playBatch(batch: readonly Input[]): Promise<void> {
    const inputsOfBatch = batch.map(marked);
    const waiting = [...inputsOfBatch];
    await Promise.all(callers.map((caller) => playAll(caller, waiting)));
    const faults = upstream.takeFaults();
    assert.deepEqual(faults, [], `of ${JSON.stringify(suspects(faults, inputsOfBatch))}`);
    const normal = await fetch(`${sidecar.url}/models`);
    assert.equal(normal.status, 200, 'a normal request is served after the batch');
    await normal.arrayBuffer();
  }

  function marked(input: Input): Input {
    inputs += 1;
    const marker = () => (markers += 1).toString(36).padStart(markerPlaceholder.length, '0');
    return { ...input, bytes: input.bytes.replaceAll(markerPlaceholder, marker) };
  }

  async function playAll(caller: Caller, waiting: Input[]): Promise<void> {
    let previous: Input | undefined;
    for (let input = waiting.pop(); input; input = waiting.pop()) {
      const reading = readRequests(input.bytes);
      upstream.expect(reading.requests);
      let played: Played | undefined;
      try {
        played = await caller.play(input);
        verify(played, reading, input.isHonest);
        for (const { status } of played.responses) {
          if (status === 200) served += 1;
          else refused += 1;
        }
      } catch (error) {
        const answers = played?.responses.map(({ status, body }) => `${status} ${body}`);
        throw new Error(`${(error as Error).message} for ${JSON.stringify({ input, previous, answers })}`, {
          cause: error,
        });
      }
      previous = input;
    }
  }

  const batch = fc.array(hostileInputs(), { minLength: batchInputs, maxLength: batchInputs });
  await fc.assert(fc.asyncProperty(batch, playBatch), {
    numRuns: batches,
    // The error names the one input at fault, so there is no need to shrink, nor to print the whole batch.
    endOnFailure: true,
    reporter({ failed, seed, errorInstance }) {
      if (failed) throw new Error(`with seed ${seed}: ${String(errorInstance)}`, { cause: errorInstance });
    },
  });
  t.diagnostic(`${inputs} inputs, ${served} requests served, ${refused} refused`);
  assert.ok(served > inputs / 5 && refused > inputs / 5, 'both kinds of answer must be common');

  callers.forEach((caller) => caller.close());
  await until(async () => (await metric(sidecar, 'assistant_proxy_requests_in_flight')) === 0);
  await until(async () => (await metric(sidecar, 'process_open_fds')) < before.openFiles + 5);
  assert.ok(sidecar.residentMiB() < before.residentMiB + 300, `memory grew to ${sidecar.residentMiB()} MiB`);
  const lines = sidecar.output().split('\n');
  assert.ok(lines.length > inputs / 2, 'there is a log to look at');
  assert.deepEqual(
    lines.filter((line) => /"level":"(?:error|fatal)"/.test(line)),
    [],
  );
});

/** The inputs whose markers a text names. */
function suspects(faults: readonly string[], inputs: readonly Input[]): Input[] {
  const markers = faults.flatMap((fault) => fault.match(/\b0000[\da-z]{4}\b/g) ?? []);
  return inputs.filter(({ bytes }) => markers.some((marker) => bytes.includes(marker)));
}

/** Every answer belongs to its request, and every refusal is one that clients understand. */
function verify(
  { responses, rest, isHung }: Played,
  { requests, rest: unread, methods }: ReferenceReading,
  isHonest: boolean,
): void {
  assert.equal(isHung, false, 'no answer, and no end of the connection');
  assert.equal(rest, '', 'bytes behind the last answer');
  assert.ok(
    responses.length <= requests.length + (unread === 'nothing' ? 0 : 1),
    'more answers than requests',
  );
  if (isHonest)
    assert.deepEqual(
      responses.map(({ status }) => status),
      requests.map(() => 200),
    );
  for (const [index, response] of responses.entries()) {
    if (response.status === 200) verifyEcho(response, requests[index]);
    else verifyRefusal(response, methods[index]);
    assert.match(response.headers.get('x-assistant-proxy-request-id') ?? '', /^(?:req_[\da-f-]{36}|none)$/);
  }
}

function verifyEcho({ headers, body }: ReferenceResponse, request: ReferenceRequest | undefined): void {
  assert.ok(request, 'an answer to no request');
  const line = lineUpstream(request);
  assert.equal(headers.get('x-echo'), line);
  if (request.method !== 'HEAD') assert.equal(body, JSON.stringify({ line }));
}

function verifyRefusal({ status, body, headers }: ReferenceResponse, method: string | undefined): void {
  assert.ok(status < 500 || status === 501, `a ${status}`);
  assert.match(headers.get('content-type') ?? '', /^application\/json(?:; charset=utf-8)?$/);
  if (method === 'HEAD') return;
  const { error } = JSON.parse(body) as { error: Record<string, unknown> };
  assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code']);
  const row = new Map<unknown, { status: number; type: string }>(Object.entries(errorTable)).get(
    error['code'],
  );
  assert.deepEqual([row?.status, row?.type], [status, error['type']]);
}

/** What was sent with one and the same request line: nearly always one request. */
interface Sent {
  readonly requests: ReferenceRequest[];
  arrivals: number;
}

/** A healthy upstream that answers with what it was asked, and holds every arrival against what was sent. */
async function startEcho(test: TestContext) {
  /** By request line; those of the last two thousand or so, since a late arrival may be of the last batch. */
  let expected = new Map<string, Sent>();
  let older = new Map<string, Sent>();
  let faults: string[] = [];
  const upstream = await startUpstream(test, async (request, response) => {
    request.setEncoding('latin1');
    let body = '';
    for await (const chunk of request) body += chunk as string;
    const arrival = { line: `${request.method} ${request.url}`, headers: request.headers, body };
    receive(arrival);
    const text = request.method === 'HEAD' ? '' : JSON.stringify({ line: arrival.line });
    response.setHeader('x-echo', arrival.line);
    response.setHeader('content-type', 'application/json');
    // Half of the answers are chunked.
    if (body.length % 2 === 1) response.write(text.slice(0, 3));
    response.end(body.length % 2 === 1 ? text.slice(3) : text);
  });

  function receive(arrival: Arrival): void {
    const fault = faultOf(arrival, `127.0.0.1:${upstream.port}`, upstreamKey);
    if (fault !== undefined) faults.push(fault);
    if (arrival.line === `GET ${basePath}/models`) return;
    // Both, because the same line may be under way from before and after the change of maps.
    const sent = [expected.get(arrival.line), older.get(arrival.line)].find(
      (one) =>
        one !== undefined &&
        one.arrivals < one.requests.length &&
        one.requests.some((request) => isFaithful(arrival, request)),
    );
    if (sent) sent.arrivals += 1;
    else faults.push(`nobody sent ${JSON.stringify(arrival)}`);
  }

  return {
    url: `http://127.0.0.1:${upstream.port}${basePath}`,
    expect(requests: readonly ReferenceRequest[]): void {
      if (expected.size > 2000) [older, expected] = [expected, new Map()];
      for (const request of requests) {
        const line = lineUpstream(request);
        if (line === undefined) continue;
        const sent = expected.get(line) ?? { requests: [], arrivals: 0 };
        sent.requests.push(request);
        expected.set(line, sent);
      }
    },
    takeFaults(): string[] {
      const taken = faults;
      faults = [];
      return taken;
    },
  };
}

async function metric({ adminUrl }: RunningProcess, name: string): Promise<number> {
  const exposition = await (await fetch(`${adminUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(exposition)?.[1]);
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; !(await isTrue()); attempt += 1) {
    assert.ok(attempt < 150, 'it did not come true');
    await sleep(100);
  }
}

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';

import { request } from 'undici';

import { type RunningProcess, spawnSidecar, spawnStandIn } from '../harness/processes.ts';

const oneGigabyte = 1024 ** 3;

/** What a sidecar may grow by while it carries a body of any size: socket buffers and garbage. */
const maxGrowthMiB = 96;

test('an upload of 1 GB passes with flat memory', async (t) => {
  const standIn = await spawnStandIn(t);
  const sidecar = await spawnSidecar(t, standIn.url);
  const watch = watchMemory(t, sidecar);

  const head =
    '--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nassistants\r\n' +
    '--b\r\ncontent-disposition: form-data; name="file"; filename="big.bin"\r\n\r\n';
  const tail = '\r\n--b--\r\n';
  const answer = await request(`${sidecar.url}/files`, {
    method: 'POST',
    headers: {
      'content-type': 'multipart/form-data; boundary=b',
      'content-length': String(head.length + oneGigabyte + tail.length),
    },
    body: Readable.from(form(head, tail)),
  });
  const file = (await answer.body.json()) as { bytes: number };
  assert.equal(file.bytes, oneGigabyte);
  assertFlat(t, watch);
});

test('a download of 1 GB passes with flat memory, unchanged', async (t) => {
  const standIn = await spawnStandIn(t);
  const sidecar = await spawnSidecar(t, standIn.url);
  const watch = watchMemory(t, sidecar);

  const answer = await request(`${sidecar.url}/files/file-synthetic-${oneGigabyte}/content`);
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += (chunk as Buffer).length;
    hash.update(chunk as Buffer);
  }
  assert.equal(bytes, oneGigabyte);
  assert.equal(hash.digest('hex'), syntheticHash());
  assertFlat(t, watch);
});

async function* form(head: string, tail: string): AsyncGenerator<Buffer> {
  yield Buffer.from(head);
  const chunk = Buffer.alloc(1024 ** 2, 'x');
  for (let sent = 0; sent < oneGigabyte; sent += chunk.length) yield chunk;
  yield Buffer.from(tail);
}

/** The stand-in's synthetic files hold the bytes 0 to 250 over and over. */
function syntheticHash(): string {
  const round = Buffer.from(Array.from({ length: 251 }, (_, byte) => byte));
  const rounds = Buffer.concat(Array.from({ length: 4096 }, () => round));
  const hash = createHash('sha256');
  let left = oneGigabyte;
  for (; left >= rounds.length; left -= rounds.length) hash.update(rounds);
  return hash.update(rounds.subarray(0, left)).digest('hex');
}

interface MemoryWatch {
  readonly before: number;
  /** Ends the watch. */
  peak(): number;
}

function watchMemory(test: TestContext, sidecar: RunningProcess): MemoryWatch {
  const before = sidecar.residentMiB();
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, sidecar.residentMiB())), 50);
  test.signal.addEventListener('abort', () => clearInterval(timer));
  return {
    before,
    peak() {
      clearInterval(timer);
      return peak;
    },
  };
}

function assertFlat(test: TestContext, watch: MemoryWatch): void {
  const peak = watch.peak();
  test.diagnostic(`${watch.before.toFixed(0)} MiB before, ${peak.toFixed(0)} MiB at the peak`);
  assert.ok(peak > 0, 'memory must have been watched');
  assert.ok(peak - watch.before < maxGrowthMiB, `grew by ${(peak - watch.before).toFixed(0)} MiB`);
}

import type { ServerResponse } from 'node:http';

import type { FaultKind } from './faults.ts';
import { pause } from './pause.ts';
import type { Reply } from './reply.ts';
import { drained, writeReply } from './write-reply.ts';

type BodyFault = Exclude<FaultKind, { kind: 'status' | 'redirect' }>;

/** What a fault that breaks the answer does to it. */
export async function writeBroken(
  response: ServerResponse,
  reply: Reply,
  fault: BodyFault,
  signal: AbortSignal,
): Promise<void> {
  switch (fault.kind) {
    case 'reset':
      if (fault.ran) await runToItsEnd(bodyOf(reply));
      response.socket?.resetAndDestroy();
      return;
    case 'silence':
      if (fault.ran) await runToItsEnd(bodyOf(reply));
      return;
    case 'garbage':
      response.socket?.end('\u0000\u0001this is not HTTP\r\n\r\n');
      return;
    case 'headersThenSilence':
      response.writeHead(reply.status, headersOf(reply));
      response.flushHeaders();
      return;
    case 'contentLength':
      await writeWrongLength(response, reply, fault.offset);
      return;
    case 'errorEvent':
      await writeReply(response, { ...reply, body: withError(reply, fault) });
      return;
    case 'drip':
      await writeReply(response, {
        ...reply,
        ...lengthOf(reply),
        body: slowly(reply, fault.delayMs, fault.bytes ?? 1, signal),
      });
      return;
    case 'truncate':
      // Without a content-length, so that only the content shows that something is missing.
      await writeReply(response, {
        status: reply.status,
        headers: reply.headers,
        body: firstBytes(bodyOf(reply), fault.bytes ?? halfOf(reply)),
      });
      return;
    case 'resetAfter':
    case 'silenceAfter': {
      response.writeHead(reply.status, headersOf(reply));
      const whole = bodyOf(reply);
      for await (const chunk of firstBytes(whole, fault.bytes)) {
        if (!response.write(chunk)) await drained(response);
      }
      if (fault.kind === 'silenceAfter') return;
      if (fault.ran) await runToItsEnd(whole);
      // A reset overtakes bytes that are still in the kernel's buffers, so they get a moment to arrive.
      await pause(20, signal);
      response.socket?.resetAndDestroy();
    }
  }
}

/** Written below node:http, which would not let a wrong length pass. */
async function writeWrongLength(response: ServerResponse, reply: Reply, offset: number): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of bodyOf(reply)) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const headers = { ...reply.headers, 'content-length': String(body.length + offset) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  response.socket?.write(`HTTP/1.1 ${reply.status} OK\r\n${lines.join('')}\r\n`);
  response.socket?.end(body);
}

async function* bodyOf(reply: Reply): AsyncGenerator<Buffer> {
  if (typeof reply.body === 'string') yield Buffer.from(reply.body);
  else for await (const chunk of reply.body) yield Buffer.from(chunk);
}

/** Leaves the rest in the body. */
async function* firstBytes(body: AsyncGenerator<Buffer>, bytes: number) {
  for (let left = bytes; left > 0;) {
    const { value: chunk } = await body.next();
    if (!chunk) return;
    yield chunk.subarray(0, left);
    left -= chunk.length;
  }
}

/** A streamed answer is made, billed and stored while it is read. */
async function runToItsEnd(body: AsyncGenerator<Buffer>): Promise<void> {
  for await (const _ of body);
}

async function* slowly(reply: Reply, delayMs: number, bytes: number, signal: AbortSignal) {
  for await (const chunk of bodyOf(reply)) {
    for (let at = 0; at < chunk.length && !signal.aborted; at += bytes) {
      await pause(delayMs, signal);
      yield chunk.subarray(at, at + bytes);
    }
  }
}

/** A Responses stream reports an error as an event of its own, the others as a data line. */
async function* withError(reply: Reply, fault: Extract<FaultKind, { kind: 'errorEvent' }>) {
  const message = fault.message ?? 'The server had an error while processing your request.';
  const code = fault.code ?? 'server_error';
  let events = 0;
  let named = false;
  for await (const chunk of bodyOf(reply)) {
    named = chunk.toString('latin1', 0, 6) === 'event:';
    if (events++ >= (fault.events ?? 3)) break;
    yield chunk;
  }
  const error = { type: 'server_error', code, message, param: null };
  yield named
    ? `event: error\ndata: ${JSON.stringify({ type: 'error', code, message, param: null, sequence_number: events - 1 })}\n\n`
    : `data: ${JSON.stringify({ error })}\n\n`;
}

function halfOf(reply: Reply): number {
  return typeof reply.body === 'string' ? Math.floor(Buffer.byteLength(reply.body) / 2) : 500;
}

function lengthOf(reply: Reply): { contentLength?: number } {
  if (typeof reply.body === 'string') return { contentLength: Buffer.byteLength(reply.body) };
  return reply.contentLength === undefined ? {} : { contentLength: reply.contentLength };
}

function headersOf(reply: Reply): Record<string, string | number> {
  const { contentLength } = lengthOf(reply);
  return contentLength === undefined ? reply.headers : { ...reply.headers, 'content-length': contentLength };
}

import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';

import { CallerLeft, ProxyError } from '../errors.ts';
import type { UnreadBody } from '../exchange.ts';

/**
 * The body of a request, still on the wire. Read whole or opened as a stream, but once; either way a caller
 * that is silent for `idleTimeoutMs` while somebody waits for more ends in `request_timeout`.
 */
export function incomingBody(request: IncomingMessage, idleTimeoutMs: number): UnreadBody {
  return {
    collect: (maxBytes) => collect(request, maxBytes, idleTimeoutMs),
    open: () => open(request, idleTimeoutMs),
  };
}

function collect(request: IncomingMessage, maxBytes: number, idleTimeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const declaredBytes = Number(request.headers['content-length'] ?? 0);
    if (declaredBytes > maxBytes) return reject(new ProxyError('body_too_large'));
    if (request.destroyed) return reject(new CallerLeft());
    const chunks: Buffer[] = [];
    let bytes = 0;
    const stalled = setTimeout(() => fail(new ProxyError('request_timeout')), idleTimeoutMs);
    request.on('data', onData);
    request.on('end', () => {
      clearTimeout(stalled);
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes));
    });
    request.on('close', () => {
      if (!request.readableEnded) fail(new CallerLeft());
    });

    function onData(chunk: Buffer): void {
      bytes += chunk.length;
      if (bytes > maxBytes) return fail(new ProxyError('body_too_large'));
      chunks.push(chunk);
      stalled.refresh();
    }
    function fail(error: Error): void {
      clearTimeout(stalled);
      request.off('data', onData).pause();
      reject(error);
    }
  });
}

/**
 * A stream of its own, because whoever reads it may destroy it, and destroying the request itself would take
 * away the socket that an error must be written to.
 */
function open(request: IncomingMessage, idleTimeoutMs: number): Readable {
  const stream = new PassThrough();
  const stalled = setTimeout(() => {
    const waitsForCaller = stream.readableFlowing === true && stream.readableLength === 0;
    if (waitsForCaller) stream.destroy(new ProxyError('request_timeout'));
    else stalled.refresh();
  }, idleTimeoutMs);
  request.on('data', () => stalled.refresh());
  request.once('close', () => {
    if (!request.complete) stream.destroy(new CallerLeft());
  });
  stream.once('close', () => clearTimeout(stalled));
  // A reader may destroy the stream before it listens for errors; the reason reaches it through its own call.
  stream.on('error', () => request.unpipe(stream));
  return request.pipe(stream);
}

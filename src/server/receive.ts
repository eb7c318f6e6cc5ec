import type { IncomingMessage } from 'node:http';

import { ProxyError } from '../errors.ts';
import { type Exchange, type RequestBody, newCallRecord } from '../exchange.ts';
import { matchOperation } from '../openai/match-operation.ts';
import { incomingBody } from './incoming-body.ts';

export interface Reception {
  readonly id: string;
  readonly signal: AbortSignal;
  /** Longest silence of a caller in the middle of a body. */
  readonly bodyIdleTimeoutMs: number;
}

/**
 * Turns an HTTP request for `target` (path and query, as sent) into an exchange. Throws `malformed_path` if its
 * target is not a plain path below a prefix that OpenAI's or Azure's SDKs use: nothing in a request can choose a
 * host.
 */
export function receive(
  request: IncomingMessage,
  target: string,
  { id, signal, bodyIdleTimeoutMs }: Reception,
): Exchange {
  refuseUnfitForm(request);
  const queryAt = target.indexOf('?');
  const pathname = queryAt === -1 ? target : target.slice(0, queryAt);
  const method = request.method ?? '';
  const match = matchOperation(method, pathname);
  if (!match || method === 'CONNECT' || method === 'TRACE') throw new ProxyError('malformed_path');
  if (request.headers.upgrade?.toLowerCase() === 'websocket') throw new ProxyError('websocket_unsupported');
  return {
    id,
    method,
    operation: match.operation,
    path: match.path,
    query: queryAt === -1 ? '' : target.slice(queryAt),
    deployment: match.deployment,
    headers: request.headers,
    body: hasBody(request) ? { kind: 'unread', source: incomingBody(request, bodyIdleTimeoutMs) } : noBody,
    signal,
    record: newCallRecord(),
  };
}

/** What Node's parser lets pass, though RFC 9112 does not. */
function refuseUnfitForm({ headers, httpVersionMajor, httpVersionMinor }: IncomingMessage): void {
  if (httpVersionMajor !== 1) throw new ProxyError('malformed_request');
  if (httpVersionMinor === 1 && headers.host === undefined) {
    throw new ProxyError('malformed_request', { message: 'HTTP/1.1 requests need a Host header.' });
  }
  const coding = headers['transfer-encoding'];
  // Any other coding would stay on the body while the header that tells of it is taken away.
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    throw new ProxyError('malformed_request', { message: 'The only Transfer-Encoding taken is chunked.' });
  }
}

const noBody: RequestBody = { kind: 'none' };

/** RFC 9112, section 6.3: a request has a body only if it says so. */
function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

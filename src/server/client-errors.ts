import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

import { type ErrorCode, ProxyError, errorBody } from '../errors.ts';

/** What Node's HTTP parser refuses never becomes a request, so it is answered on the bare socket. */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  answering: boolean,
): ErrorCode {
  const code = clientErrorCodes[error.code ?? ''] ?? 'malformed_request';
  // In the middle of an answer there is no place for another: the connection ends.
  if (answering || !socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return code;
  }
  const refusal = new ProxyError(code);
  const body = errorBody(refusal);
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `x-assistant-proxy-request-id: none\r\nconnection: close\r\n\r\n${body}`,
  );
  return code;
}

const clientErrorCodes: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { type ErrorCode, ProxyError, errorBody } from '../errors.ts';

/**
 * What Node's HTTP parser refuses is answered on the bare socket: it never became a request, or it broke off
 * in the middle of the last one of `open`, the requests that the connection still waits to be answered.
 */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  open: readonly ServerResponse[],
): ErrorCode {
  const code = clientErrorCodes[error.code ?? ''] ?? 'malformed_request';
  // Behind a whole request, or in the middle of an answer, another answer would be taken for that request's.
  const mayAnswer = open.every(({ headersSent, req }) => !headersSent && !req.complete);
  if (!mayAnswer || !socket.writable || error.code === 'ECONNRESET') {
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

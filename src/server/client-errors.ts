import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import type { ErrorCode } from '../error-table.ts';
import { ProxyError, errorBody } from '../errors.ts';

/**
 * What Node's HTTP parser refuses is answered on the bare socket: it never became a request, or it broke off
 * in the middle of the last one of `open`, the requests that the connection still waits to be answered.
 * Undefined if nothing was refused: the connection itself failed, and with it what ran on it.
 */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  open: readonly ServerResponse[],
): ErrorCode | undefined {
  const code = refusalCode(error.code ?? '');
  // Behind a whole request, or in the middle of an answer, another answer would be taken for that request's.
  const mayAnswer = open.every(({ headersSent, req }) => !headersSent && !req.complete);
  if (code === undefined || !mayAnswer || !socket.writable) {
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

/**
 * The parser's own codes start with HPE; whatever else comes here is the system's, such as ECONNRESET. A request
 * that ends before its end is one whose caller left.
 */
function refusalCode(code: string): ErrorCode | undefined {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout';
  return code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE' ? 'malformed_request' : undefined;
}

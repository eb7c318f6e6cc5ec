import type { IncomingMessage, ServerResponse } from 'node:http';

import { CallerLeft } from '../errors.ts';
import type { Reply, Sink } from '../exchange.ts';

/** Lets the reply's body flow to the caller. The only place that starts a flow. */
export function respond(request: IncomingMessage, response: ServerResponse, id: string, reply: Reply): void {
  const headers: Record<string, string | string[]> = {
    ...(reply.headers as Record<string, string | string[]>),
    'x-assistant-proxy-request-id': id,
  };
  // An answer that came before the request was read to its end: the rest of it can't be told from a next one.
  if (!request.complete) headers['connection'] = 'close';
  response.writeHead(reply.status, headers);
  // Node sends headers with the first bytes of the body, and a stream's first bytes may take a while to come.
  if (String(reply.headers['content-type']).startsWith('text/event-stream')) response.flushHeaders();
  const flow = reply.body(toCaller(request, response));
  response.on('drain', () => flow.resume());
  response.on('close', () => {
    if (!response.writableFinished) flow.cancel(new CallerLeft());
  });
}

function toCaller(request: IncomingMessage, response: ServerResponse): Sink {
  return {
    write: (chunk) => response.write(chunk),
    end: () => void response.end(),
    fail() {
      response.flushHeaders();
      // Node holds back what was written in this turn of the event loop; it is the caller's all the same.
      setImmediate(() => {
        // Without framing (HTTP/1.0) only a reset tells a cut from a clean end.
        if (request.httpVersionMinor === 0) response.socket?.resetAndDestroy();
        else response.destroy();
      });
    },
  };
}

import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Reply, Sink } from '../exchange.ts';

/** Lets the reply's body flow to the caller. The only place that starts a flow. */
export function respond(request: IncomingMessage, response: ServerResponse, id: string, reply: Reply): void {
  const headers: Record<string, string | string[]> = {
    ...(reply.headers as Record<string, string | string[]>),
    'x-assistant-proxy-request-id': id,
  };
  if (isLastOfConnection(request)) headers['connection'] = 'close';
  response.writeHead(reply.status, headers);
  // Node sends headers with the first bytes of the body, and a stream's first bytes may take a while to come.
  if (String(reply.headers['content-type']).startsWith('text/event-stream')) response.flushHeaders();
  const caller = toCaller(request, response, () => flow.resume());
  const flow = reply.body(caller);
}

/**
 * Whether nothing may follow on the connection. The rest of a request that is answered before it was read to
 * its end can't be told from a next one; and behind an offer to upgrade, Node's parser loses what the caller
 * has sent already.
 */
export function isLastOfConnection({ complete, headers }: IncomingMessage): boolean {
  return !complete || headers.upgrade !== undefined;
}

function toCaller(request: IncomingMessage, response: ServerResponse, onDrained: () => void): Sink {
  let waits = false;
  return {
    write(chunk) {
      // The caller left; what still comes is of interest to others on the way.
      if (response.destroyed) return true;
      const wantsMore = response.write(chunk);
      if (!wantsMore && !waits) {
        waits = true;
        response.once('drain', () => {
          waits = false;
          onDrained();
        });
      }
      return wantsMore;
    },
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

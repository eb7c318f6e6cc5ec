import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface OpenResponses {
  /** Follows a response to its end. The signal aborts if the caller leaves before. */
  follow(response: ServerResponse): AbortSignal;
  /** Those of a connection that have not ended, in the order of their requests. */
  of(socket: Socket): readonly ServerResponse[];
}

/** What is still to be answered on each connection: more than one response where a caller pipelines. */
export function createOpenResponses(): OpenResponses {
  const connections = new WeakMap<Socket, Set<ServerResponse>>();
  return {
    follow(response) {
      const { socket } = response.req;
      const open = connections.get(socket) ?? new Set();
      connections.set(socket, open.add(response));
      const left = new AbortController();
      response.once('close', () => {
        open.delete(response);
        if (!response.writableFinished) left.abort();
      });
      return left.signal;
    },
    of: (socket) => [...(connections.get(socket) ?? [])],
  };
}

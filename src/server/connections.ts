import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What callers still wait for. */
export interface Connections {
  /** Aborts if the caller leaves before the response has ended. */
  leaveSignal(response: ServerResponse): AbortSignal;
  /** In the order of the requests: more than one response where a caller pipelines. */
  unanswered(socket: Socket): readonly ServerResponse[];
  /** Every open connection, those that never sent a request too. */
  sockets(): Iterable<Socket>;
}

/** Follows the connections of a server, from before it listens. */
export function followConnections(server: Server): Connections {
  const connections = new Map<Socket, Map<ServerResponse, AbortController>>();
  server.on('connection', (socket: Socket) => {
    connections.set(socket, new Map());
    socket.on('close', () => connections.delete(socket));
  });
  // First of all listeners, because whoever comes after may refuse the request at once.
  server.prependListener('request', ({ socket }, response) => {
    const left = new AbortController();
    const open = connections.get(socket);
    open?.set(response, left);
    response.on('close', () => {
      open?.delete(response);
      if (!response.writableFinished) left.abort();
    });
  });
  return {
    leaveSignal: (response) =>
      connections.get(response.req.socket)?.get(response)?.signal ?? AbortSignal.abort(),
    unanswered: (socket) => [...(connections.get(socket)?.keys() ?? [])],
    sockets: () => connections.keys(),
  };
}

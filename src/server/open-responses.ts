import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Follows what is still to be answered on each connection of a server, in the order of the requests: more
 * than one response where a caller pipelines.
 */
export function followOpenResponses(server: Server): (socket: Socket) => readonly ServerResponse[] {
  const connections = new WeakMap<Socket, Set<ServerResponse>>();
  server.prependListener('request', ({ socket }, response) => {
    const open = connections.get(socket) ?? new Set();
    connections.set(socket, open.add(response));
    response.once('close', () => open.delete(response));
  });
  return (socket) => [...(connections.get(socket) ?? [])];
}

import type { Socket } from 'node:net';

import type { FastifyInstance } from 'fastify';

/** How often connections that became idle are looked for. */
const sweepMs = 50;

/**
 * Watches a server's connections from its start, and returns what ends it: stops accepting connections and
 * waits for running requests. What still runs after `gracePeriodMs` is cut; it resolves to false if anything
 * had to be.
 */
export function createDrain(server: FastifyInstance): (gracePeriodMs: number) => Promise<boolean> {
  const { server: listener } = server;
  const connections = new Set<Socket>();
  listener.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });

  return async (gracePeriodMs) => {
    let whole = true;
    const cut = setTimeout(() => {
      whole = false;
      listener.closeAllConnections();
    }, gracePeriodMs);
    // A kept-alive connection whose last answer went out before the drain began would hold the server open.
    const sweep = setInterval(() => {
      listener.closeIdleConnections();
      closeUnused(connections);
    }, sweepMs);
    await server.close();
    clearTimeout(cut);
    clearInterval(sweep);
    return whole;
  };
}

/** Node calls a connection idle only after its first request, but clients' pools also open some in advance. */
function closeUnused(connections: ReadonlySet<Socket>): void {
  for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
}

import type { Socket } from 'node:net';

import type { FastifyInstance } from 'fastify';

import { followOpenResponses } from './open-responses.ts';

/** How often connections that became idle are looked for. */
const sweepMs = 50;

/**
 * Watches a server's connections from its start, and returns what ends it: stops accepting connections and
 * waits for running requests. What still runs after `gracePeriodMs` is cut; it resolves to false if anything
 * had to be.
 */
export function createDrain(server: FastifyInstance): (gracePeriodMs: number) => Promise<boolean> {
  const { server: listener } = server;
  const openResponses = followOpenResponses(listener);
  /** How much each had sent when it was last looked at. */
  const connections = new Map<Socket, number>();
  listener.on('connection', (socket: Socket) => {
    connections.set(socket, -1);
    socket.once('close', () => connections.delete(socket));
  });

  return async (gracePeriodMs) => {
    let whole = true;
    const cut = setTimeout(() => {
      whole = false;
      listener.closeAllConnections();
    }, gracePeriodMs);
    // Node's own would cut an answer that is ended but not yet read, and miss connections never used.
    listener.closeIdleConnections = () => {};
    const sweep = setInterval(closeIdle, sweepMs);
    await server.close();
    clearTimeout(cut);
    clearInterval(sweep);
    return whole;
  };

  /** Idle is one that waits for no answer, and has sent nothing since it was last looked at. */
  function closeIdle(): void {
    for (const [socket, bytesBefore] of connections) {
      const isIdle = openResponses(socket).length === 0 && socket.bytesRead === bytesBefore;
      if (isIdle) socket.destroy();
      else connections.set(socket, socket.bytesRead);
    }
  }
}

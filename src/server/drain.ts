import type { Socket } from 'node:net';

import type { FastifyInstance } from 'fastify';

import type { Connections } from './connections.ts';

/** How often connections that became idle are looked for. */
const sweepMs = 50;

/**
 * Stops accepting connections and waits for running requests. What still runs after `gracePeriodMs` is cut;
 * resolves to false if anything had to be.
 */
export async function drain(
  server: FastifyInstance,
  connections: Connections,
  gracePeriodMs: number,
): Promise<boolean> {
  const { server: listener } = server;
  let whole = true;
  const cut = setTimeout(() => {
    whole = false;
    listener.closeAllConnections();
  }, gracePeriodMs);
  // Node's own would cut an answer that is ended but not yet read, and miss connections never used.
  listener.closeIdleConnections = () => {};
  const sweep = setInterval(closeIdle, sweepMs);
  /** How much each had sent when it was last looked at. */
  const bytesBefore = new WeakMap<Socket, number>();
  await server.close();
  clearTimeout(cut);
  clearInterval(sweep);
  return whole;

  /** Idle is one that waits for no answer, and has sent nothing since it was last looked at. */
  function closeIdle(): void {
    for (const socket of connections.sockets()) {
      const isIdle =
        connections.unanswered(socket).length === 0 && socket.bytesRead === bytesBefore.get(socket);
      if (isIdle) socket.destroy();
      else bytesBefore.set(socket, socket.bytesRead);
    }
  }
}

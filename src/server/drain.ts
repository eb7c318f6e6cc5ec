import type { FastifyInstance } from 'fastify';

/** How often connections that became idle are looked for. */
const sweepMs = 50;

/**
 * Stops accepting connections and waits for running requests. What still runs after `gracePeriodMs` is cut.
 * Resolves to false if anything had to be.
 */
export async function drain(server: FastifyInstance, gracePeriodMs: number): Promise<boolean> {
  let whole = true;
  const cut = setTimeout(() => {
    whole = false;
    server.server.closeAllConnections();
  }, gracePeriodMs);
  // A kept-alive connection whose last answer went out before the drain began would hold the server open.
  const sweep = setInterval(() => server.server.closeIdleConnections(), sweepMs);
  await server.close();
  clearTimeout(cut);
  clearInterval(sweep);
  return whole;
}

import Fastify, { type FastifyInstance } from 'fastify';

import type { Metrics } from '../telemetry/metrics.ts';

/** Probes and metrics, on a port of their own. It only reads: what changes state is a command. */
export function createAdminServer(metrics: Metrics, isReady: () => boolean): FastifyInstance {
  const server = Fastify({ logger: false, forceCloseConnections: true });
  server.get('/livez', async () => 'ok\n');
  server.get('/readyz', async (_request, reply) => {
    if (isReady()) return 'ok\n';
    return reply.code(503).send('draining\n');
  });
  server.get('/metrics', async (_request, reply) => {
    return reply.type(metrics.contentType).send(await metrics.exposition());
  });
  return server;
}

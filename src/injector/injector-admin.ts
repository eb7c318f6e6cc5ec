import Fastify, { type FastifyInstance } from 'fastify';

import type { InjectorMetrics } from './injector-metrics.ts';

interface AdminParts {
  readonly metrics: Pick<InjectorMetrics, 'exposition' | 'contentType'>;
  /** Empty if it is; else why it is not. */
  readonly whyNotReady: () => string;
}

/** Probes and metrics of the injector, without TLS, on a port of their own. */
export function createInjectorAdmin({ metrics, whyNotReady }: AdminParts): FastifyInstance {
  const server = Fastify({ logger: false, forceCloseConnections: true });
  server.get('/livez', async () => 'ok\n');
  server.get('/readyz', async (_request, reply) => {
    const why = whyNotReady();
    return why === '' ? 'ok\n' : reply.code(503).send(`${why}\n`);
  });
  server.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.exposition()),
  );
  return server;
}

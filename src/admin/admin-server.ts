import Fastify, { type FastifyInstance } from 'fastify';

import type { BudgetReport } from '../ledger/budget-report.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface AdminParts {
  readonly metrics: Metrics;
  readonly isReady: () => boolean;
  readonly budgets: () => Promise<BudgetReport[]>;
}

/** Probes, metrics and budgets, on a port of their own. It only reads: what changes state is a command. */
export function createAdminServer({ metrics, isReady, budgets }: AdminParts): FastifyInstance {
  const server = Fastify({ logger: false, forceCloseConnections: true });
  server.get('/livez', async () => 'ok\n');
  server.get('/readyz', async (_request, reply) => {
    if (isReady()) return 'ok\n';
    return reply.code(503).send('draining\n');
  });
  server.get('/metrics', async (request, reply) => {
    const exposition = await metrics.exposition(request.headers.accept);
    if (!exposition) return reply.code(404).send('telemetry.metrics is false\n');
    return reply.type(exposition.contentType).send(exposition.text);
  });
  server.get('/budgets', async (_request, reply) => {
    try {
      return await budgets();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      return reply.code(503).send({ error: error.message });
    }
  });
  return server;
}

import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';

import type { BudgetReport } from '../ledger/budget-report.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type ConsoleAudience, refuseVisitor } from './console-access.ts';
import { consoleFiles, consoleHeaders, readConsoleFile } from './console-files.ts';
import type { Status } from './status.ts';

export interface AdminParts {
  readonly metrics: Metrics;
  readonly isReady: () => boolean;
  readonly budgets: () => Promise<BudgetReport[]>;
  readonly status: () => Promise<Status>;
  /** Of the page and of `/status`; everything else answers everyone. */
  readonly consoleAudience: ConsoleAudience;
}

/** Probes, metrics, budgets and the console, on a port of their own. It only reads: what changes state is a command. */
export function createAdminServer(parts: AdminParts): FastifyInstance {
  const { metrics, isReady, budgets, status, consoleAudience } = parts;
  const server = Fastify({ logger: false, forceCloseConnections: true });
  server.addHook('onRequest', async ({ method }, reply) => {
    if (method === 'GET' || method === 'HEAD') return;
    // What came with it is not read.
    reply.headers({ allow: 'GET, HEAD', connection: 'close' });
    return reply.code(405).send({ error: 'The admin port only reads: GET and HEAD.' });
  });
  server.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: nothingHere }));
  // Words of errors may name paths of this machine.
  server.setErrorHandler(({ statusCode = 500 }: FastifyError, _request, reply) =>
    reply.code(statusCode).send({ error: 'The admin port failed on this request.' }),
  );
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

  const onRequest = async ({ raw }: FastifyRequest, reply: FastifyReply) => {
    reply.headers(consoleHeaders);
    const { headers, socket } = raw;
    const refused = refuseVisitor(consoleAudience, { headers, remoteAddress: socket.remoteAddress });
    if (refused !== undefined) return reply.code(403).send({ error: refused });
  };
  server.get('/status', { onRequest }, () => status());
  for (const [path, file] of Object.entries(consoleFiles)) {
    server.get(path, { onRequest }, async (_request, reply) => {
      const { type, bytes } = await readConsoleFile(file);
      return reply.type(type).send(bytes);
    });
  }
  return server;
}

const nothingHere =
  'There is no such path here. There are /livez, /readyz, /metrics, /budgets, /status, and the console at /.';

import type { Server } from 'node:https';
import type { Duplex } from 'node:stream';

import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';

import type { Config } from '../config/schema.ts';
import type { InjectorMetrics } from './injector-metrics.ts';
import { NoReview, type Notice, review } from './review.ts';

interface WebhookParts {
  readonly settings: Config['injector'];
  readonly metrics: Pick<InjectorMetrics, 'reviewed'>;
  /** Must return at once. */
  onNotice(notice: Notice): void;
  onInternalError(error: Error): void;
}

/** What etcd takes of a pod is half of that, and a review may hold two. */
const maxBodyBytes = 3 * 1024 * 1024;
/** A review is a small body over a fast network; nothing slower may hold up the end of the process. */
const requestTimeoutMs = 10_000;
/** Go's own limit is 90 seconds. */
const keptMs = 120_000;
/** How long an end waits for the calls that API servers make on connections that they keep. */
const retireMs = 2000;
/** And then for what is under way, which takes milliseconds. */
const lastAnswersMs = 1000;

/**
 * The port that the API server calls: `POST /mutate`. What is a review gets one as its answer; anything else a 4xx
 * whose text says why, which the API server puts into its own message. It has no certificate until it is given one.
 */
export function createWebhookServer(parts: WebhookParts): FastifyInstance<Server> {
  const { settings, metrics, onNotice } = parts;
  const server = Fastify({
    logger: false,
    https: { minVersion: 'TLSv1.2' },
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: 'idle',
    // While it ends, it answers as before.
    return503OnClosing: false,
    // Longer than API servers keep idle ones, so that it is they who close: a call must not meet a closing connection.
    keepAliveTimeout: keptMs,
  });
  retireConnections(server);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );
  server.post('/mutate', async (request, reply) => {
    const startedAtMs = performance.now();
    const { result, answer, notice } = review(parse(request.body), settings);
    if (notice) onNotice(notice);
    metrics.reviewed(result, performance.now() - startedAtMs);
    return reply.type('application/json').send(JSON.stringify(answer));
  });
  server.setNotFoundHandler((_request, reply) =>
    reply.code(404).type('text/plain').send('only POST /mutate is served here\n'),
  );
  server.setErrorHandler<FastifyError | NoReview>((error, request, reply) => {
    const { status, text } = explain(error);
    if (status >= 500) parts.onInternalError(error);
    if (request.routeOptions.url === '/mutate') metrics.reviewed(status >= 500 ? 'error' : 'invalid', 0);
    return reply.code(status).type('text/plain').send(`${text}\n`);
  });
  return server;
}

/**
 * API servers keep connections, also to a pod that is no longer the Service's: each gets one more answer, with
 * `Connection: close`. And they open some ahead of calls: Node takes those for busy, and never times them out once it
 * closes.
 */
function retireConnections(webhook: FastifyInstance<Server>): void {
  const { server } = webhook;
  const sockets = new Set<Duplex>();
  let onNone = () => {};
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0) onNone();
    });
  });
  webhook.addHook('preClose', async () => {
    if (sockets.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, retireMs);
        onNone = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const cut = setTimeout(() => sockets.forEach((socket) => void socket.destroy()), lastAnswersMs);
    server.once('close', () => clearTimeout(cut));
  });
}

function parse(body: unknown): unknown {
  try {
    return JSON.parse(body as string);
  } catch {
    throw new NoReview('the body is no JSON');
  }
}

function explain(error: FastifyError | NoReview): { status: number; text: string } {
  if (error instanceof NoReview) return { status: 400, text: error.message };
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return { status: 415, text: 'the Content-Type must be application/json' };
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return { status: 413, text: `the body must be at most ${maxBodyBytes} bytes` };
  }
  const { statusCode = 500 } = error;
  if (statusCode < 500) return { status: statusCode, text: error.message };
  return { status: 500, text: 'internal error; the log of the injector says more' };
}

import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';

import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';

import type { ErrorCode } from '../error-table.ts';
import { CallerLeft, ProxyError, errorBody } from '../errors.ts';
import type { Exchange, Handler } from '../exchange.ts';
import { answerClientError } from './client-errors.ts';
import { followConnections } from './connections.ts';
import { drain } from './drain.ts';
import { listenOn } from './listen-on.ts';
import { receive } from './receive.ts';
import { isLastOfConnection, respond } from './respond.ts';

export interface DataPlaneSettings {
  readonly handler: Handler;
  readonly headersTimeoutMs: number;
  readonly bodyIdleTimeoutMs: number;
  /** Told of requests that never became an exchange. */
  readonly onRefused: (code: ErrorCode, requestId: string | undefined) => void;
  /** Told of failures that are our own. */
  readonly onInternalError: (error: Error, requestId: string) => void;
}

export interface DataPlane {
  /** Resolves to its URL, without a path. */
  listen(host: string, port: number): Promise<string>;
  /** See `drain.ts`. */
  drain(gracePeriodMs: number): Promise<boolean>;
}

/** The edge that applications talk to: HTTP in, exchanges through the pipeline, HTTP out. */
export function createDataPlane(settings: DataPlaneSettings): DataPlane {
  const server = Fastify({
    logger: false,
    // Requests that arrive on an open connection while it drains are served, and told to close.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    genReqId: () => `req_${randomUUID()}`,
    requestIdHeader: false,
    // Uploads may take as long as they make progress; see listen.bodyIdleTimeoutMs.
    requestTimeout: 0,
    routerOptions: { ignoreTrailingSlash: false },
    http: {
      headersTimeout: settings.headersTimeoutMs,
      connectionsCheckingInterval: 1000,
      // Node would answer with an empty body; `receive` refuses such a request in OpenAI's shape.
      requireHostHeader: false,
    },
    // One route for everything: operations are told apart by the table in openai/, not by a router.
    rewriteUrl: () => '/',
    clientErrorHandler: (error, socket) => {
      const code = answerClientError(error, socket, connections.unanswered(socket));
      if (code !== undefined) settings.onRefused(code, undefined);
    },
  });
  const connections = followConnections(server.server);
  server.server.on('checkContinue', (incoming, outgoing) => {
    // Behind another request of its connection, Node would write the 100 between the headers and the body.
    if (outgoing.socket) outgoing.writeContinue();
    server.server.emit('request', incoming, outgoing);
  });
  // Node would refuse an expectation it does not know with an empty 417; RFC 9110, 10.1.1 lets it be ignored.
  server.server.on('checkExpectation', (incoming, outgoing) => {
    server.server.emit('request', incoming, outgoing);
  });
  // Bodies are read by the policies that need them: to Fastify no method has one.
  for (const method of server.supportedMethods) {
    server.addHttpMethod(method, { hasBody: false, overrideExisting: true });
  }
  server.all('/', answer);
  server.setNotFoundHandler(answer);
  server.setErrorHandler(refuse);
  return {
    listen: (host, port) => listenOn(server, { host, port }),
    drain: (gracePeriodMs) => drain(server, connections, gracePeriodMs),
  };

  async function answer(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { raw: incoming } = request;
    const { raw: outgoing } = reply;
    const exchange = exchangeOf(request, outgoing);
    const answered = await settings.handler(exchange);
    reply.hijack();
    respond(incoming, outgoing, request.id, answered);
  }

  function exchangeOf(request: FastifyRequest, outgoing: ServerResponse): Exchange {
    try {
      return receive(request.raw, request.originalUrl, {
        id: request.id,
        signal: connections.leaveSignal(outgoing),
        bodyIdleTimeoutMs: settings.bodyIdleTimeoutMs,
      });
    } catch (error) {
      // No policy sees what never became an exchange.
      if (error instanceof ProxyError) settings.onRefused(error.code, request.id);
      throw error;
    }
  }

  /** The one place where errors become HTTP. */
  function refuse(error: Error, request: FastifyRequest, reply: FastifyReply): void {
    // The connection has ended, or its end is written already: `answerClientError` was quicker.
    if (error instanceof CallerLeft || reply.raw.destroyed || request.raw.socket.writableEnded) {
      reply.hijack();
      reply.raw.destroy();
      return;
    }
    const refusal = refusalOf(error);
    if (isFromFastify(error)) settings.onRefused(refusal.code, request.id);
    if (refusal.code === 'internal_error') settings.onInternalError(error, request.id);
    if (isLastOfConnection(request.raw)) reply.header('connection', 'close');
    void reply
      .code(refusal.status)
      .header('content-type', 'application/json')
      .header('x-assistant-proxy-request-id', request.id)
      .headers(refusal.headers)
      .send(errorBody(refusal));
  }
}

/** Fastify's own refusals are about the request's form. Whatever else is not from the table is our fault. */
function refusalOf(error: Error & { code?: string }): ProxyError {
  if (error instanceof ProxyError) return error;
  return new ProxyError(isFromFastify(error) ? 'malformed_request' : 'internal_error', { cause: error });
}

function isFromFastify({ code }: Error & { code?: string }): boolean {
  return code?.startsWith('FST_ERR_') === true;
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { ApiError, type ErrorBody } from './api-error.ts';
import { isMultipart, parseJson, readParts, type Call, type SeenRequest } from './call.ts';
import type { FaultKind, Faults } from './faults.ts';
import { derivedMint, hashRequest, randomMint, type Mint } from './mint.ts';
import { json, type Reply } from './reply.ts';
import { createRouter, stripPrefix, type Route } from './router.ts';
import { statusReply } from './status-fault.ts';
import { writeBroken } from './write-fault.ts';
import { writeReply } from './write-reply.ts';

export interface ServerOptions {
  routes: readonly Route[];
  faults: Faults;
  /** Decides over a request that no fault was planned for. */
  failAtRandom: ((isStream: boolean) => FaultKind | undefined) | undefined;
  /** Receives what arrives. */
  requests: SeenRequest[];
  keepRequests: number;
  apiKey: string;
  adminKey: string;
  deterministic: boolean;
  nowMs: () => number;
  random: (() => number) | undefined;
}

/** The HTTP side: reads the request, checks the key, applies faults, writes the answer. Does not listen yet. */
export function createStandInServer(options: ServerOptions): Server {
  const { faults, requests, nowMs } = options;
  const findRoute = createRouter(options.routes);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = watch(request, response);
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });

    const planned = faults.take(request);
    const body = isMultipart(request.headers) ? undefined : await readBody(request, seen);
    const fault = planned ?? options.failAtRandom?.(body?.includes('"stream":true') ?? false);
    seen.fault = fault?.kind;
    if (gone.signal.aborted) return;
    const reply = await answer(request, seen, body, fault, gone.signal);
    seen.status = reply.status;
    if (gone.signal.aborted) return;
    // A multipart body that no handler read to its end still has to pass, or the client would never listen.
    if (!request.readableEnded) request.removeAllListeners('readable').resume();
    if (fault && fault.kind !== 'status' && fault.kind !== 'redirect') {
      await writeBroken(response, reply, fault, gone.signal);
      if (fault.kind === 'errorEvent' && seen.usage?.outputTokens === 0) delete seen.usage;
    } else {
      await writeReply(response, reply);
    }
  }

  function watch(request: IncomingMessage, response: ServerResponse): SeenRequest {
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      startedAtMs: Date.now(),
      bodyBytes: 0,
    };
    requests.push(seen);
    if (requests.length > options.keepRequests) requests.shift();
    response.once('close', () => {
      seen.closedAtMs = Date.now();
      seen.aborted = !response.writableFinished && !CLOSING_FAULTS.has(seen.fault);
    });
    return seen;
  }

  async function answer(
    request: IncomingMessage,
    seen: SeenRequest,
    body: Buffer | undefined,
    fault: FaultKind | undefined,
    signal: AbortSignal,
  ): Promise<Reply> {
    const startedAtMs = performance.now();
    let mint = randomMint(nowMs, options.random);
    let reply: Reply;
    try {
      const skipped = fault && withoutRunning(fault);
      if (skipped) {
        reply = skipped;
      } else {
        authenticate(request);
        const url = new URL(request.url ?? '/', 'http://stand-in');
        if (body?.length && isJson(request)) seen.json = parseJson(body);
        const path = stripPrefix(url.pathname);
        if (options.deterministic) {
          mint = derivedMint(hashRequest(seen.method, path?.path ?? '', url.search, seen.json));
        }
        const match = path && findRoute(seen.method, path.path);
        if (!match) throw unknownUrl(seen.method, url.pathname);
        const call: Call = {
          params: match.params,
          query: url.searchParams,
          headers: request.headers,
          deployment: path.deployment,
          mint,
          signal,
          json: <T extends object>() => Object(seen.json ?? parseJson(body ?? Buffer.alloc(0))) as T,
          parts: () => readParts(request.headers, counted(request, seen)),
          mintFor: (content) =>
            options.deterministic ? derivedMint(hashRequest(seen.method, path.path, '', content)) : mint,
          bill: (usage) => {
            seen.usage = usage;
            seen.billedAtMs ??= nowMs();
          },
        };
        reply = await match.route.handle(call);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) process.stderr.write(`stand-in: ${String(error)}\n`);
      const known = error instanceof ApiError ? error : new ApiError(500, String(error));
      reply = json<ErrorBody>(known.body, known.status);
    }
    const processingMs = options.deterministic ? 1 : Math.ceil(performance.now() - startedAtMs);
    return { ...reply, headers: { ...standardHeaders(mint, processingMs), ...reply.headers } };
  }

  /** The reply of a fault that keeps the operation from taking place. */
  function withoutRunning(fault: FaultKind): Reply | undefined {
    switch (fault.kind) {
      case 'status':
        return statusReply(fault, nowMs());
      case 'redirect':
        return { status: fault.status ?? 307, headers: { location: fault.location }, body: '' };
      case 'garbage':
        return { status: 200, headers: {}, body: '' };
      case 'reset':
      case 'silence':
        return fault.ran ? undefined : { status: 200, headers: {}, body: '' };
      default:
        return undefined;
    }
  }

  function authenticate(request: IncomingMessage): void {
    const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const key = bearer ?? request.headers['api-key'];
    const isAdmin = request.url?.startsWith('/v1/organization/') ?? false;
    if (key === (isAdmin ? options.adminKey : options.apiKey)) return;
    if (key === undefined) {
      throw new ApiError(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization header using " +
          'Bearer auth (i.e. Authorization: Bearer YOUR_KEY).',
      );
    }
    throw new ApiError(401, 'Incorrect API key provided.', { code: 'invalid_api_key' });
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      // The client went away in the middle of its body or of the answer: nobody is left to tell.
      if (!response.destroyed) response.destroy();
      if (!(error instanceof Error && 'code' in error)) process.stderr.write(`stand-in: ${String(error)}\n`);
    });
  });
  // A pooled connection must not be closed under a proxy that is about to use it, nor a slow upload be cut.
  server.keepAliveTimeout = 60_000;
  server.requestTimeout = 0;
  return server;
}

async function readBody(request: IncomingMessage, seen: SeenRequest): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) {
    seen.bodyBytes += chunk.length;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* counted(request: IncomingMessage, seen: SeenRequest): AsyncGenerator<Buffer> {
  for await (const chunk of request as AsyncIterable<Buffer>) {
    seen.bodyBytes += chunk.length;
    yield chunk;
  }
}

/** Those after which the stand-in itself closes the connection. */
const CLOSING_FAULTS: ReadonlySet<string | undefined> = new Set([
  'reset',
  'resetAfter',
  'garbage',
  'contentLength',
]);

function isJson(request: IncomingMessage): boolean {
  const type = request.headers['content-type'];
  return type === undefined || type.includes('json');
}

function unknownUrl(method: string, path: string): ApiError {
  return new ApiError(404, `Invalid URL (${method} ${path})`);
}

function standardHeaders(mint: Mint, processingMs: number): Record<string, string> {
  return {
    'x-request-id': mint.id('req_', 32),
    'openai-processing-ms': String(processingMs),
    'openai-version': '2020-10-01',
    'openai-organization': 'stand-in',
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-limit-tokens': '2000000',
    'x-ratelimit-remaining-requests': '9999',
    'x-ratelimit-remaining-tokens': '1999000',
    'x-ratelimit-reset-requests': '6ms',
    'x-ratelimit-reset-tokens': '30ms',
  };
}

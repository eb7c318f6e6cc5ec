import { ProxyError } from '../../src/errors.ts';
import type { Exchange, Handler, Reply } from '../../src/exchange.ts';

/** What one attempt comes to. */
export type Step = Answer | Error | ((exchange: Exchange) => Promise<Reply>);

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ScriptedHandler {
  readonly handler: Handler;
  /** What was sent. */
  readonly sent: Exchange[];
}

/** An upstream as policies see it: each attempt comes to the next step, and the last one stays. */
export function scriptedHandler(...steps: readonly Step[]): ScriptedHandler {
  const sent: Exchange[] = [];
  return {
    sent,
    async handler(exchange) {
      const step = steps[Math.min(sent.length, steps.length - 1)]!;
      sent.push(exchange);
      if (step instanceof Error) throw step;
      return typeof step === 'function' ? step(exchange) : replyOf(step);
    },
  };
}

export function replyOf({ status, headers = {}, body = '{}' }: Answer): Reply {
  const bytes = Buffer.from(body);
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body(sink) {
      sink.write(bytes);
      sink.end();
      return { resume() {}, leave() {} };
    },
    finished: Promise.resolve({ ending: 'complete', bodyBytes: bytes.length }),
  };
}

export async function textOf(reply: Reply): Promise<string> {
  const chunks: Uint8Array[] = [];
  await new Promise<void>((resolve, reject) => {
    reply.body({
      write: (chunk) => {
        chunks.push(chunk);
        return true;
      },
      end: () => resolve(),
      fail: reject,
    });
  });
  return Buffer.concat(chunks).toString('utf8');
}

export const apiError = (code: string | null, type = 'server_error') =>
  JSON.stringify({ error: { message: 'x', type, param: null, code } });

/** The ways in which attempts go wrong, by what is known of them. */
export const failures = {
  'no connection': new ProxyError('upstream_unreachable'),
  'a rate limit': { status: 429, body: apiError('rate_limit_exceeded', 'requests') },
  'an overload': { status: 503, body: apiError('server_is_overloaded') },
  'a 503 with Retry-After': { status: 503, headers: { 'retry-after': '0' }, body: 'busy' },
  'a lock': { status: 409, body: apiError(null, 'invalid_request_error') },
  'a server error': { status: 500, body: apiError('server_error') },
  'an exhausted quota': { status: 429, body: apiError('insufficient_quota', 'insufficient_quota') },
  'a connection that broke off': new ProxyError('upstream_unreachable', { mayHaveRun: true }),
  'a timeout': new ProxyError('upstream_timeout', { mayHaveRun: true }),
  'a request timeout of the upstream': { status: 408, body: apiError(null) },
  'a bad gateway': { status: 502, body: '<html>' },
  'a 500 of a gateway': { status: 500, body: '<html>' },
  'a 503 of a mesh': { status: 503, body: 'upstream connect error' },
  'a gateway timeout': { status: 504, body: '' },
  'a gateway of another kind': { status: 524, body: '' },
  'a bad request': { status: 400, body: apiError('invalid_value', 'invalid_request_error') },
  'an unknown id': { status: 404, body: apiError(null, 'invalid_request_error') },
  'a wrong key': { status: 401, body: apiError('invalid_api_key', 'invalid_request_error') },
  'a 501': { status: 501, body: '' },
  'a redirect': new ProxyError('upstream_redirected'),
} as const satisfies Record<string, Step>;

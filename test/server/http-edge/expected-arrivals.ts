import { isUtf8 } from 'node:buffer';

import type { ReferenceRequest } from './reference-requests.ts';

/** A request as it reached the upstream. */
export interface Arrival {
  /** `GET /base/v1/models?m=1`. */
  readonly line: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  /** As latin1 text. */
  readonly body: string;
}

/** Where the upstream's API begins; nothing may arrive outside. */
export const basePath = '/base/v1';

/** The request line that the upstream must see, or undefined for a request that it must not. */
export function lineUpstream(request: ReferenceRequest): string | undefined {
  const { method, target, version } = request;
  if (version !== '1.1' && version !== '1.0') return undefined;
  const [pathname = '', ...queries] = target.split('?');
  const prefix = ['/openai/v1/', '/openai/', '/v1/'].find((one) => pathname.startsWith(one));
  if (prefix === undefined || !isPlain(pathname) || !isReadable(request)) return undefined;
  // Whoever can't undo another coding must not take the body for a plain one.
  const codings = request.headers.filter(([name]) => name === 'transfer-encoding');
  if (codings.some(([, value]) => value.toLowerCase() !== 'chunked') || codings.length > 1) return undefined;
  const segments = pathname.slice(prefix.length).replace(/\/$/, '').split('/');
  const path = segments[0] === 'deployments' && segments.length > 2 ? segments.slice(2) : segments;
  const query = queries
    .join('?')
    .split('&')
    .filter((pair) => !pair.startsWith('api-version='))
    .join('&');
  return `${method} ${basePath}/${path.join('/')}${query === '' ? '' : `?${query}`}`;
}

function isPlain(pathname: string): boolean {
  return pathname.split('/').every((segment, index, all) => {
    const decoded = segment.replaceAll(/%([\da-f]{2})/gi, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    );
    const mayBeEmpty = index === 0 || index === all.length - 1;
    if (segment === '') return mayBeEmpty;
    return decoded !== '.' && decoded !== '..' && !/[/\\#\p{Cc}]/u.test(decoded) && !/[^!-~]/.test(segment);
  });
}

const jsonPath =
  /^(?:\/openai)?(?:\/v1)?(?:\/deployments\/[^/]+)?\/(?:chat\/completions|responses|embeddings)\/?$/;

/** A body that an operation reads must be JSON in UTF-8. */
function isReadable({ method, target, body }: ReferenceRequest): boolean {
  if (method !== 'POST' || body === '' || !jsonPath.test(target.split('?')[0] ?? '')) return true;
  return parse(body) !== undefined;
}

/** Whether the arrival is this request and nothing else, whole, with only what may be passed on. */
export function isFaithful(arrival: Arrival, request: ReferenceRequest): boolean {
  if (arrival.body !== request.body && !asksForUsage(arrival.body, request.body)) return false;
  const named = request.headers
    .filter(([name]) => name === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(/[\s,]+/));
  const framing = ['host', 'connection', 'content-length', 'transfer-encoding'];
  const own = [...framing, 'authorization', 'accept-encoding'];
  const sent = new Set(request.headers.map(([name]) => name));
  return Object.keys(arrival.headers).every(
    (name) => own.includes(name) || (sent.has(name) && !named.includes(name)),
  );
}

/** The one change that the sidecar makes: a stream is asked for its usage. */
function asksForUsage(arrived: string, sent: string): boolean {
  const without = (text: string) => {
    const { stream_options: _, ...others } = { ...(parse(text) as { stream_options?: unknown }) };
    return JSON.stringify(others);
  };
  return arrived.includes('"include_usage"') && without(arrived) === without(sent);
}

function parse(text: string): unknown {
  const bytes = Buffer.from(text, 'latin1');
  try {
    return isUtf8(bytes) ? JSON.parse(bytes.toString('utf8')) : undefined;
  } catch {
    return undefined;
  }
}

/** What is wrong with the headers of an arrival, whoever sent it. */
export function faultOf({ line, headers }: Arrival, host: string, key: string): string | undefined {
  if (!line.split(' ')[1]?.startsWith(`${basePath}/`)) return `outside the base path: ${line}`;
  if (headers['host'] !== host) return `a foreign host: ${headers['host']}`;
  if (headers['authorization'] !== `Bearer ${key}`) return `a foreign key: ${headers['authorization']}`;
  const leaked = Object.keys(headers).find((name) => withheld.test(name));
  return leaked === undefined ? undefined : `the header ${leaked}`;
}

const withheld =
  /^(?:api-key|x-api-key|cookie|proxy-authorization|proxy-authenticate|proxy-connection|openai-organization|openai-project|x-forwarded-.*|forwarded|via|te|trailer|keep-alive|upgrade|expect|http2-settings)$/;

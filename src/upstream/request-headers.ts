import type { Exchange } from '../exchange.ts';
import { namedByConnection } from './named-by-connection.ts';

/**
 * Never passed on. Three kinds: hop-by-hop (RFC 9110, section 7.6.1), what the caller used to identify
 * itself (the sidecar puts its own key in place), and what describes the network on this side.
 */
const withheld = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'http2-settings',
  'authorization',
  'proxy-authorization',
  'proxy-authenticate',
  'api-key',
  'x-api-key',
  'cookie',
  'openai-organization',
  'openai-project',
  'host',
  'forwarded',
  'via',
  'x-real-ip',
]);

export interface UpstreamIdentity {
  readonly dialect: 'openai' | 'azure';
  /** Read at every request, so that a rotated key is used at once. Empty: no key is sent. */
  readonly apiKey: () => string;
  readonly organization: string;
  readonly project: string;
}

/** Names and values in turn, as undici takes them without another copy. */
export function requestHeaders(exchange: Exchange, identity: UpstreamIdentity): string[] {
  const headers: string[] = [];
  const named = namedByConnection(exchange.headers['connection']);
  const traceparent = exchange.span?.traceparent;
  for (const name in exchange.headers) {
    if (withheld.has(name) || name.startsWith('x-forwarded-') || named?.has(name)) continue;
    if (name === 'accept-encoding' && exchange.operation.usage !== null) continue;
    // The upstream is called by what is told of here, not by the application.
    if (name === 'traceparent' && traceparent !== undefined) continue;
    // A body that was read whole has a length of its own.
    if (name === 'content-length' && exchange.body.kind !== 'unread') continue;
    const value = exchange.headers[name];
    if (typeof value === 'string') headers.push(name, value);
    else if (value !== undefined) for (const one of value) headers.push(name, one);
  }
  if (traceparent !== undefined) headers.push('traceparent', traceparent);
  // Usage is read out of the answer, so the answer must come as plain bytes.
  if (exchange.operation.usage !== null) headers.push('accept-encoding', 'identity');
  const apiKey = identity.apiKey();
  if (apiKey !== '') {
    if (identity.dialect === 'azure') headers.push('api-key', apiKey);
    else headers.push('authorization', `Bearer ${apiKey}`);
  }
  if (identity.organization !== '') headers.push('openai-organization', identity.organization);
  if (identity.project !== '') headers.push('openai-project', identity.project);
  return headers;
}

import type { Headers } from '../exchange.ts';
import { namedByConnection } from './named-by-connection.ts';

/**
 * Not passed back: hop-by-hop (RFC 9110, section 7.6.1), and what an origin says about itself to browsers.
 * A cookie would tie one caller to the pool's connection of another.
 */
const withheld = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'set-cookie',
  'alt-svc',
  'strict-transport-security',
]);

export function responseHeaders(upstream: Headers): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  const named = namedByConnection(upstream['connection']);
  for (const name in upstream) {
    const value = upstream[name];
    if (value !== undefined && !withheld.has(name) && !named?.has(name)) headers[name] = value;
  }
  return headers;
}

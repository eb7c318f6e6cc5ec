import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';

import { type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';

export interface DispatcherSettings {
  readonly baseUrl: string;
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  /** Longest silence between two pieces of an answer's body. */
  readonly bodyIdleTimeoutMs: number;
  /** Zero: as many connections as there are requests in flight. */
  readonly maxConnections: number;
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly noProxy: string;
  /** PEM file with certificates to trust beside the well-known ones; empty: none. */
  readonly caFile: string;
}

/** Keep-alive connections to the one origin that the configuration names. */
export function createDispatcher(settings: DispatcherSettings): Dispatcher {
  const { origin, protocol } = new URL(settings.baseUrl);
  const tls =
    settings.caFile === ''
      ? {}
      : { ca: [...getCACertificates('default'), readFileSync(settings.caFile, 'utf8')] };
  const options = {
    allowH2: false,
    connections: settings.maxConnections === 0 ? null : settings.maxConnections,
    headersTimeout: settings.headersTimeoutMs,
    bodyTimeout: settings.bodyIdleTimeoutMs,
    connect: { timeout: settings.connectTimeoutMs, ...tls },
  };
  const proxy = protocol === 'https:' ? settings.httpsProxy : settings.httpProxy;
  if (proxy === '') return new Pool(origin, options);
  return new EnvHttpProxyAgent({
    ...options,
    requestTls: { ...tls, timeout: settings.connectTimeoutMs },
    proxyTls: { ...tls, timeout: settings.connectTimeoutMs },
    // undici passes none of its options on to the pools behind a proxy.
    factory: (poolOrigin: string | URL, given: object) => new Pool(poolOrigin, { ...options, ...given }),
    // These send CONNECT and nothing else, so their wait for an answer is a part of connecting.
    clientFactory: (proxyOrigin: URL, given: object) =>
      new Pool(proxyOrigin, { ...given, headersTimeout: settings.connectTimeoutMs }),
    httpProxy: proxy,
    httpsProxy: proxy,
    noProxy: settings.noProxy,
  });
}

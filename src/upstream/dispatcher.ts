import { type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';

import { trustedAuthorities } from './trusted-authorities.ts';

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
  const connect = {
    timeout: settings.connectTimeoutMs,
    ...(settings.caFile === '' ? {} : { ca: trustedAuthorities(settings.caFile) }),
  };
  const options = {
    allowH2: false,
    connections: settings.maxConnections === 0 ? null : settings.maxConnections,
    headersTimeout: settings.headersTimeoutMs,
    bodyTimeout: settings.bodyIdleTimeoutMs,
    connect,
  };
  const proxy = protocol === 'https:' ? settings.httpsProxy : settings.httpProxy;
  if (proxy === '') return new Pool(origin, options);
  return new EnvHttpProxyAgent({
    ...options,
    // Connections to the proxy, and those through it, don't look at `connect`.
    proxyTls: connect,
    requestTls: connect,
    // undici would give the pools behind a proxy of http upstreams none of these.
    factory: (poolOrigin: string | URL, poolOptions: object) =>
      new Pool(poolOrigin, { ...options, ...poolOptions }),
    // A proxy that never answers CONNECT is one that can't be connected through.
    clientFactory: (proxyOrigin, proxyOptions) =>
      new Pool(proxyOrigin, { ...proxyOptions, headersTimeout: settings.connectTimeoutMs }),
    httpProxy: proxy,
    httpsProxy: proxy,
    noProxy: settings.noProxy,
  });
}

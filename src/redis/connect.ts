import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';

import { parseRedisUrl, type RedisAddress } from './parse-redis-url.ts';
import { plainError } from './plain-error.ts';

export interface Connection {
  /** What to take a connection as lost after: no command waits longer for its answer. */
  readonly timeoutMs: number;
  /** Told of every connection that fails; there is nothing to do about it, it is tried again for ever. */
  onError(error: Error): void;
}

/** A server that has been silent for this long behind a command's timeout is connected to anew. */
const silenceMs = 1000;
const maxBackoffMs = 1000;

/**
 * A client for a server, the master that sentinels know of, or a cluster. It never sends a command twice, nor
 * keeps one for when a server has come back. Throws on a malformed URL.
 */
export function connect(url: string, connection: Connection): Redis | Cluster {
  const address = parseRedisUrl(url);
  const client =
    address.kind === 'cluster'
      ? connectCluster(address, connection)
      : new Redis({ ...serverOptions(address, connection), ...endpoint(address, connection) });
  const report = (error: unknown) => connection.onError(plainError(error));
  client.on('error', report);
  client.on('node error', report);
  return client;
}

function serverOptions(address: RedisAddress, { timeoutMs }: Connection) {
  return {
    ...(address.username !== undefined && { username: address.username }),
    ...(address.password !== undefined && { password: address.password }),
    ...(address.tls && { tls: {} }),
    db: address.db,
    enableOfflineQueue: false,
    // What is unanswered when a connection breaks may have run: it fails, and is not sent again.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: backoffMs,
    connectTimeout: timeoutMs + silenceMs,
    socketTimeout: timeoutMs + silenceMs,
    maxLoadingRetryTime: maxBackoffMs,
    // A master that has become a replica: whoever the address leads to now is the one to talk to.
    reconnectOnError: (error: Error) => error.message.includes('READONLY'),
  } satisfies RedisOptions;
}

function endpoint(address: RedisAddress, { timeoutMs }: Connection) {
  if (address.kind === 'single') return { ...address.hosts[0] };
  return {
    sentinels: [...address.hosts],
    name: address.masterName,
    sentinelRetryStrategy: backoffMs,
    sentinelCommandTimeout: timeoutMs + silenceMs,
    // A sentinel without a password lets anybody in, whatever password comes.
    ...(address.password !== undefined && { sentinelPassword: address.password }),
    ...(address.tls && { sentinelTLS: {}, enableTLSForSentinelMode: true }),
  } satisfies RedisOptions;
}

function connectCluster(address: RedisAddress, connection: Connection): Cluster {
  const { retryStrategy: _, enableOfflineQueue: __, ...redisOptions } = serverOptions(address, connection);
  const options = {
    redisOptions,
    // Nodes are connected to when they are first needed: what comes meanwhile waits, within its timeout.
    enableOfflineQueue: true,
    clusterRetryStrategy: backoffMs,
    slotsRefreshTimeout: connection.timeoutMs + silenceMs,
    // A command that went down with its node may have run there.
    retryDelayOnFailover: 0,
    // Certificates are for names, so names aren't resolved before TLS has seen them.
    dnsLookup: (host, callback) => callback(null, host),
  } satisfies ClusterOptions;
  return new Cluster([...address.hosts], options);
}

function backoffMs(attempts: number): number {
  return Math.min(50 * 2 ** Math.min(attempts - 1, 10), maxBackoffMs);
}

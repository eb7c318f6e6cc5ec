/** Where Redis is, and how to be let in. */
export interface RedisAddress {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  /** Servers, sentinels, or nodes of the cluster to begin with. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  /** What sentinels call the master; empty otherwise. */
  readonly masterName: string;
}

/**
 * Reads `redis://[user:password@]host[:port][/db]`, `redis+sentinel://host[:port],.../master[/db]` and
 * `redis+cluster://host[:port],...`; with `rediss` for TLS. Throws an Error that doesn't quote the URL, since
 * that may hold a password.
 */
export function parseRedisUrl(url: string): RedisAddress {
  const parts =
    /^redis(?<tls>s?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?:(?<login>[^/]*)@)?(?<hosts>[^/?#]+)(?<path>[^?#]*)$/.exec(
      url,
    )?.groups;
  if (parts === undefined) {
    throw new Error('a Redis URL begins with redis://, redis+sentinel:// or redis+cluster:// (or rediss)');
  }
  const kind = parts['kind'] === 'sentinel' || parts['kind'] === 'cluster' ? parts['kind'] : 'single';
  const hosts = parts['hosts']!.split(',').map((host) =>
    parseHost(host, kind === 'sentinel' ? 26_379 : 6379),
  );
  if (kind === 'single' && hosts.length > 1) {
    throw new Error('several hosts need redis+sentinel:// or redis+cluster://');
  }
  const path = parts['path']!.split('/').slice(1).map(decodeURIComponent);
  const masterName = kind === 'sentinel' ? (path.shift() ?? '') : '';
  if (kind === 'sentinel' && masterName === '') {
    throw new Error('a redis+sentinel:// URL ends with the name of the master');
  }
  const db = parseDatabase(path, kind);
  const [username, password] = parseLogin(parts['login']);
  return { kind, hosts, tls: parts['tls'] === 's', username, password, db, masterName };
}

function parseHost(text: string, defaultPort: number): { host: string; port: number } {
  const parts = /^(?:\[(?<v6>[\da-fA-F:.]+)\]|(?<name>[^:[\]@]+))(?::(?<port>\d+))?$/.exec(text)?.groups;
  const port = Number(parts?.['port'] ?? defaultPort);
  if (parts === undefined || port < 1 || port > 65_535) {
    throw new Error('a Redis URL has a host without a name, or with a port that is none');
  }
  return { host: parts['v6'] ?? parts['name']!, port };
}

function parseDatabase([db = '', ...more]: readonly string[], kind: RedisAddress['kind']): number {
  if (!/^\d{0,4}$/.test(db) || more.length > 0) throw new Error('a Redis database is a number');
  if (kind === 'cluster' && Number(db) > 0) throw new Error('a Redis Cluster has database 0 alone');
  return Number(db);
}

function parseLogin(login: string | undefined): [string | undefined, string | undefined] {
  if (login === undefined) return [undefined, undefined];
  const colon = login.indexOf(':');
  // A login without a colon is a name, as in every URL, and Redis knows none without a password.
  if (colon === -1) throw new Error('a login in a Redis URL has a password: name:password@ or :password@');
  const username = decodeURIComponent(login.slice(0, colon));
  return [username === '' ? undefined : username, decodeURIComponent(login.slice(colon + 1))];
}

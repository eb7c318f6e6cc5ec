import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { freePort } from './free-port.ts';
import type { Lifetime } from './lifetime.ts';

export interface RedisSetup {
  /** Each write is on disk before it is answered, so that a restart loses none. */
  readonly aof?: boolean;
  /** Lets `advance` move the server's clock. */
  readonly fakeTime?: boolean;
  readonly args?: readonly string[];
}

export interface RunningRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** To look behind the scenes with. */
  readonly client: Redis;
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Kills it if it runs; on the same port and files. */
  restart(): Promise<void>;
  /** Moves the clock, also backwards; for servers with `fakeTime`. */
  advance(ms: number): Promise<void>;
}

/** A real server on a free port of the loopback, in a folder of its own; gone when the test is over. */
export async function startRedis(lifetime: Lifetime, setup: RedisSetup = {}): Promise<RunningRedis> {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'redis-'));
  const clock = createClock(dir);
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', ''];
  if (setup.aof === true) args.push('--appendonly', 'yes', '--appendfsync', 'always');
  args.push(...(setup.args ?? []));
  if (setup.fakeTime === true) await clock.advance(0);
  const launch = () => spawnServer('redis-server', args, setup.fakeTime === true ? clock.env : {});
  let server = await launch();
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50 });
  client.on('error', () => {});
  lifetime.after(async () => {
    client.disconnect();
    await end(server, 'SIGKILL');
    await rm(dir, { recursive: true, force: true });
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return server.pid!;
    },
    client,
    stop: () => end(server, 'SIGTERM'),
    kill: () => end(server, 'SIGKILL'),
    restart: async () => {
      await end(server, 'SIGKILL');
      server = await launch();
      while ((await client.ping().catch(() => '')) !== 'PONG') await sleep(20);
    },
    advance: clock.advance,
  };
}

export interface RunningCluster {
  /** `redis+cluster://`. */
  readonly url: string;
  readonly nodes: readonly RunningRedis[];
}

/** Three masters that share the slots. */
export async function startCluster(lifetime: Lifetime, setup: RedisSetup = {}): Promise<RunningCluster> {
  const busPorts = await Promise.all([freePort(), freePort(), freePort()]);
  const nodes = await Promise.all(
    busPorts.map((busPort) => {
      const cluster = ['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`];
      const args = [...cluster, '--cluster-node-timeout', '2000', ...(setup.args ?? [])];
      return startRedis(lifetime, { ...setup, args });
    }),
  );
  const slotsPerNode = Math.ceil(16_384 / nodes.length);
  for (const [index, { client }] of nodes.entries()) {
    const first = index * slotsPerNode;
    await client.cluster('ADDSLOTSRANGE', first, Math.min(first + slotsPerNode, 16_384) - 1);
    await client.cluster('SET-CONFIG-EPOCH', index + 1);
  }
  for (const [index, { port }] of nodes.entries()) {
    if (index > 0) await nodes[0]!.client.call('CLUSTER', 'MEET', '127.0.0.1', port, busPorts[index]!);
  }
  await until(async () => {
    const infos = await Promise.all(nodes.map(({ client }) => client.cluster('INFO')));
    return infos.every((info) => info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3'));
  });
  return { url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`, nodes };
}

export interface RunningSentinel {
  /** `redis+sentinel://`. */
  readonly url: string;
  readonly master: RunningRedis;
  readonly replica: RunningRedis;
}

/** A master, its replica, and a sentinel that notices within half a second that the master is gone. */
export async function startSentinel(lifetime: Lifetime, setup: RedisSetup = {}): Promise<RunningSentinel> {
  const quickly = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];
  const args = [...quickly, ...(setup.args ?? [])];
  const master = await startRedis(lifetime, { ...setup, args });
  const following = ['--replicaof', `127.0.0.1 ${master.port}`, ...args];
  const replica = await startRedis(lifetime, { ...setup, args: following });
  await until(async () => (await replica.client.info('replication')).includes('master_link_status:up'));

  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'sentinel-'));
  const file = join(dir, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${dir}`,
    `sentinel monitor main 127.0.0.1 ${master.port} 1`,
    'sentinel down-after-milliseconds main 500',
    'sentinel failover-timeout main 2000',
  ];
  await writeFile(file, lines.join('\n'));
  const sentinel = await spawnServer('redis-server', [file, '--sentinel'], {});
  const client = new Redis({ port, host: '127.0.0.1' });
  lifetime.after(async () => {
    client.disconnect();
    await end(sentinel, 'SIGKILL');
    await rm(dir, { recursive: true, force: true });
  });
  // A sentinel that doesn't know of the replica yet could promote none.
  await until(async () => {
    const replicas = (await client.call('SENTINEL', 'REPLICAS', 'main')) as string[][];
    return replicas.some((fields) => fields[fields.indexOf('master-link-status') + 1] === 'ok');
  });
  return { url: `redis+sentinel://127.0.0.1:${port}/main`, master, replica };
}

/** Resolves when the condition holds; rejects if it doesn't come to that. */
export async function until(condition: () => Promise<boolean>, withinMs = 30_000): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`not so within ${withinMs} ms: ${condition}`);
    await sleep(20);
  }
}

/** A clock that libfaketime reads from a file, each time anew. */
function createClock(dir: string) {
  const file = join(dir, 'clock');
  const [library] = globSync('/usr/lib/*/faketime/libfaketime.so.1');
  let offsetMs = 0;
  const env = {
    // With libc's malloc: jemalloc asks for the time before libfaketime is ready, which waits for a malloc.
    LD_PRELOAD: `${library} libc.so.6`,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  const advance = async (ms: number) => {
    offsetMs += ms;
    // Renamed into its place, so that the server never reads half of it.
    await writeFile(`${file}.new`, `${offsetMs < 0 ? '-' : '+'}${Math.abs(offsetMs) / 1000}`);
    await rename(`${file}.new`, file);
  };
  return { env, advance };
}

/** A server under a faked clock deadlocks now and then before it listens: then another one is started. */
async function spawnServer(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<ChildProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const server = await launchServer(command, args, env);
    if (server) return server;
    if (attempt === 5) throw new Error(`${command} does not begin to listen`);
  }
}

/** Undefined if it says nothing for too long; it is ended then. */
async function launchServer(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<ChildProcess | undefined> {
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const server = spawn(command, args, { env: { PATH: process.env['PATH'], ...env }, stdio: [...stdio] });
  let log = '';
  server.stdout!.on('data', (text: Buffer) => (log += text.toString('latin1')));
  const givesUpAtMs = performance.now() + 10_000;
  // The second is what a sentinel says.
  while (!/Ready to accept connections|Sentinel ID is/.test(log)) {
    if (hasEnded(server)) throw new Error(`${command} ended: ${log}`);
    if (performance.now() > givesUpAtMs) {
      await end(server, 'SIGKILL');
      return undefined;
    }
    await sleep(10);
  }
  return server;
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(server)) return;
  const exited = once(server, 'exit');
  server.kill(signal);
  await exited;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

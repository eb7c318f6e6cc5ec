import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Lifetime } from '../../harness/lifetime.ts';

const isRoot = process.getuid?.() === 0;

/** Runs what follows in a network of its own; without root, as root of a user namespace. */
export const unshareNetwork = ['unshare', ...(isRoot ? [] : ['--user', '--map-root-user']), '--net'];

export type AddressFamily = 'IPv4' | 'IPv6';

/** The network of a pod: a loopback of its own, and one address that other pods reach, as a URL has it. */
export interface PodNetwork {
  readonly address: string;
  /** A command line that runs another in this network. */
  readonly enter: readonly string[];
}

/**
 * Two pods on one node, joined by a cable. As in Kubernetes, a process that only waits keeps each network there; both go
 * with it when the test is over, or is killed.
 */
export async function connectTwoPods(
  lifetime: Lifetime,
  family: AddressFamily = 'IPv4',
): Promise<readonly [PodNetwork, PodNetwork]> {
  const first = await startPause(lifetime, unshareNetwork);
  // Networks that are joined must belong to the same user namespace.
  const second = await startPause(lifetime, [...enter(first, ['--user']), 'unshare', '--net']);
  const run = (pid: number, ...command: readonly string[]) => {
    const [file, ...args] = [...enter(pid, ['--user', '--net']), ...command];
    execFileSync(file!, args, { stdio: 'pipe' });
  };
  const cable = ['ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${second}`];
  run(first, ...cable);
  const networks = [first, second].map((pid, index) => {
    const host = index + 1;
    // Nobody else is on the cable, whom a check for duplicates could find.
    const address = family === 'IPv4' ? [`10.88.0.${host}/24`] : [`fd00:88::${host}/64`, 'nodad'];
    run(pid, 'ip', 'link', 'set', 'lo', 'up');
    run(pid, 'ip', 'address', 'add', ...address, 'dev', 'eth0');
    run(pid, 'ip', 'link', 'set', 'eth0', 'up');
    return {
      address: family === 'IPv4' ? `10.88.0.${host}` : `[fd00:88::${host}]`,
      enter: enter(pid, ['--user', '--net']),
    };
  });
  return networks as unknown as readonly [PodNetwork, PodNetwork];
}

function enter(pid: number, namespaces: readonly string[]): string[] {
  const joined = isRoot
    ? namespaces.filter((each) => each !== '--user')
    : [...namespaces, '--preserve-credentials'];
  return isRoot && joined.length === 0 ? [] : ['nsenter', '--target', `${pid}`, ...joined];
}

async function startPause(lifetime: Lifetime, unshare: readonly string[]): Promise<number> {
  const [file, ...args] = [...unshare, 'cat'];
  // `cat` ends when this process does, whatever ends it.
  const child = spawn(file!, args, { stdio: ['pipe', 'ignore', 'inherit'] });
  lifetime.after(() => end(child));
  await once(child, 'spawn');
  const own = readlinkSync('/proc/self/ns/net');
  while (readlinkSync(`/proc/${child.pid}/ns/net`) === own) {
    if (child.exitCode !== null) throw new Error(`unshare ended with ${child.exitCode}`);
    await sleep(10);
  }
  return child.pid!;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

import type { Image } from './build-image.ts';

export interface RunOptions {
  readonly args?: readonly string[];
  /** Takes the place of the image's own. */
  readonly entrypoint?: readonly string[];
  readonly env?: Record<string, string>;
  /** Files and folders of this machine, by their path inside. */
  readonly mounts?: Record<string, string>;
}

export interface Container {
  readonly stdout: NodeJS.ReadableStream;
  /** Reaches the image's process, which as process 1 hears only the signals that it handles. */
  signal(name: NodeJS.Signals): void;
  /** Resolves when all is over. */
  readonly ended: Promise<{ code: number | null; stderr: string }>;
}

/**
 * Runs an image as a container runtime does: as its user, as process 1, in its root, which is read-only, with
 * /proc and /dev. It needs Linux, and either root or user namespaces. The network is this machine's.
 */
export function runImage(test: TestContext, image: Image, options: RunOptions = {}): Container {
  const { args = [], entrypoint = image.entrypoint, env = {}, mounts = {} } = options;
  const isRoot = process.getuid?.() === 0;
  const [userId, groupId] = image.user.split(':');
  // Without root, a user namespace shows this process's own user as the image's.
  const becomeUser = isRoot
    ? `--setuid=${userId} --setgid=${groupId}`
    : `--user --map-user=${userId} --map-group=${groupId}`;
  for (const [inside, outside] of Object.entries({ '/proc': '/proc', '/dev': '/dev', ...mounts })) {
    makeMountPoint(join(image.root, inside), statSync(outside).isDirectory());
  }
  const script = [
    'set -eu; root=$1; shift',
    'mount --bind "$root" "$root"',
    'mount -t proc proc "$root/proc"',
    'mount --rbind /dev "$root/dev"',
    ...Object.entries(mounts).map(([inside, outside]) => `mount --bind '${outside}' "$root${inside}"`),
    'mount -o remount,bind,ro "$root"',
    `exec unshare ${becomeUser} --root="$root" --wd="${image.workdir}" "$@"`,
  ];
  const namespaces = ['--mount', '--pid', '--fork', ...(isRoot ? [] : ['--user', '--map-root-user'])];
  const command = ['sh', '-c', script.join('\n'), 'sh', image.root, ...entrypoint, ...args];
  const child = spawn('unshare', [...namespaces, ...command], {
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/nonexistent',
      ...image.env,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = Promise.all([
    text(child.stderr),
    new Promise<number | null>((end, fail) => child.once('exit', end).once('error', fail)),
  ]).then(([stderr, code]) => ({ code, stderr }));
  const signal = (name: NodeJS.Signals) => {
    const inner = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
    if (inner !== '') process.kill(Number(inner), name);
  };
  test.after(() => {
    if (child.exitCode === null && child.signalCode === null) signal('SIGKILL');
  });
  return { stdout: child.stdout, ended, signal };
}

/** A runtime makes these before it makes the root read-only. */
function makeMountPoint(path: string, isFolder: boolean): void {
  mkdirSync(isFolder ? path : dirname(path), { recursive: true });
  if (!isFolder) writeFileSync(path, '');
}

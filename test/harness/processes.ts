import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Lifetime } from './lifetime.ts';
import { upstreamKey } from './sidecar.ts';

const root = join(import.meta.dirname, '../..');

export interface RunningProcess {
  /** With `/v1`. */
  readonly url: string;
  /** Of a sidecar. */
  readonly adminUrl: string;
  /** Everything written to standard output so far. */
  output(): string;
  /** Memory in use now, as the kernel counts it. */
  residentMiB(): number;
  signal(signal: NodeJS.Signals): void;
  /** Resolves when the process has ended; null if a signal ended it. */
  readonly exitCode: Promise<number | null>;
}

/** `npm start`, in a process of its own, on free ports. */
export function spawnSidecar(
  test: Lifetime,
  upstreamUrl: string,
  env: Record<string, string> = {},
): Promise<RunningProcess> {
  return spawnProcess(test, [process.execPath, 'src/main.ts'], { ...environment(upstreamUrl), ...env });
}

/** The same with a configuration that comes through a pipe, as `--config <(...)` of a shell has it. */
export function spawnPipedSidecar(
  test: Lifetime,
  upstreamUrl: string,
  config: string,
  env: Record<string, string>,
): Promise<RunningProcess> {
  const command = `exec ${process.execPath} src/main.ts --config <(printf %s "$CONFIG_TEXT")`;
  const more = { CONFIG_TEXT: config, ...env };
  return spawnProcess(test, ['bash', '-c', command], { ...environment(upstreamUrl), ...more });
}

function environment(upstreamUrl: string): Record<string, string> {
  return {
    OPENAI_API_KEY: upstreamKey,
    ASSISTANT_PROXY_LISTEN_PORT: '0',
    ASSISTANT_PROXY_ADMIN_PORT: '0',
    ASSISTANT_PROXY_UPSTREAM_BASE_URL: upstreamUrl,
  };
}

/** The stand-in for OpenAI, in a process of its own. */
export function spawnStandIn(test: Lifetime, ...args: string[]): Promise<RunningProcess> {
  return spawnProcess(test, [process.execPath, 'test/stand-in/serve.ts', ...args], {});
}

async function spawnProcess(
  test: Lifetime,
  [command = '', ...args]: readonly string[],
  env: Record<string, string>,
): Promise<RunningProcess> {
  const child = spawn(command, args, {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exitCode = once(child, 'exit').then(([code]) => code as number | null);
  test.after(async () => {
    child.kill('SIGKILL');
    await exitCode;
  });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString('utf8')));
  const address = await addressOf(child, () => output);
  return {
    ...address,
    output: () => output,
    residentMiB: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1'))![1]) / 1024,
    signal: (signal) => void child.kill(signal),
    exitCode,
  };
}

/** Both kinds of process tell where they listen in a line of JSON. */
async function addressOf(
  child: ChildProcess,
  output: () => string,
): Promise<{ url: string; adminUrl: string }> {
  while (child.exitCode === null) {
    const line = output()
      .split('\n')
      .find((candidate) => /"(?:url|proxyUrl)":/.test(candidate));
    if (line !== undefined && output().includes(`${line}\n`)) {
      const told = JSON.parse(line) as { url?: string; proxyUrl?: string; adminUrl?: string };
      return { url: told.url ?? told.proxyUrl!, adminUrl: told.adminUrl ?? '' };
    }
    await Promise.race([once(child.stdout!, 'data'), once(child, 'exit')]);
  }
  throw new Error(`the process ended with ${child.exitCode}: ${output()}`);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process under measurement. */
export interface Contestant {
  readonly name: string;
  readonly url: string;
  /** CPU time that the process has used so far, user and system. */
  cpuMs(): number;
  residentMiB(): number;
  stop(): Promise<void>;
}

/** The kernel counts CPU time in ticks of 10 ms on every Linux that Node runs on. */
const msPerTick = 10;

/**
 * Starts `node ARGS` and waits for the line that tells its address (`url`, or `proxyUrl` in a log line). Its
 * output is read and dropped, as a container runtime reads it.
 *
 * @param quietUrl where it will listen, of one that is told to say nothing.
 */
export async function startContestant(
  name: string,
  args: readonly string[],
  env: Record<string, string>,
  quietUrl?: string,
): Promise<Contestant> {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'], ...env },
    cwd: join(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const url = quietUrl ?? (await toldAddress(name, child));
  if (quietUrl !== undefined) await untilListening(quietUrl, child);
  return {
    name,
    url,
    cpuMs() {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
      return (Number(fields[11]) + Number(fields[12])) * msPerTick;
    },
    residentMiB() {
      const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
      return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
    },
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

function toldAddress(name: string, child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const listen = (text: Buffer) => {
      output += text.toString('utf8');
      const address = /"(?:url|proxyUrl)":"([^"]+)"/.exec(output);
      if (!address) return;
      child.stdout!.off('data', listen).resume();
      resolve(address[1]!);
    };
    child.stdout!.on('data', listen);
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}: ${output}`)));
  });
}

async function untilListening(url: string, child: ChildProcess): Promise<void> {
  child.stdout!.resume();
  while (child.exitCode === null) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer) return;
    await sleep(50);
  }
  throw new Error(`nothing listens at ${url}`);
}

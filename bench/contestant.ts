import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
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
 * Starts `node FILE` and waits for the line that tells its address (`url`, or `proxyUrl` in a log line). Its
 * output goes to a file, as a container's does, so that reading it costs the measuring process nothing.
 */
export async function startContestant(
  name: string,
  file: string,
  env: Record<string, string>,
  outputFile: string,
): Promise<Contestant> {
  const output = openSync(outputFile, 'w');
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', output, 'inherit', 'ipc'],
  });
  closeSync(output);
  const url = await addressIn(outputFile, child);
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

async function addressIn(outputFile: string, child: ChildProcess): Promise<string> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const address = /"(?:url|proxyUrl)":"([^"]+)"/.exec(readFileSync(outputFile, 'utf8'));
    if (address) return address[1]!;
    if (child.exitCode !== null) break;
    await sleep(50);
  }
  throw new Error(`${outputFile}: no address within 10 s`);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..');

export interface Running {
  readonly process: ChildProcess;
  /** Every line it writes, parsed. */
  readonly lines: Record<string, unknown>[];
  /** The first line, which tells where it listens. */
  readonly told: Record<string, string>;
  /** Waits for a line. */
  line(matches: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  /** Asks it to end, and resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** Starts `node FILE` and waits until it listens. Whatever it writes is JSON, a line each. */
export async function start(args: string[], env: Record<string, string>): Promise<Running> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const lines: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout }).on('line', (text) => {
    lines.push(JSON.parse(text) as Record<string, unknown>);
    for (const wake of waiting) wake();
  });
  const line: Running['line'] = (matches) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = lines.find(matches);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      void exited.then((code) => {
        const reason = lines.at(-1)?.['reason'] ?? `exit code ${code}`;
        reject(new Error(`${args[0]} ended: ${String(reason)}`));
      });
    });
  const told = await line((candidate) => 'url' in candidate || 'proxyUrl' in candidate);
  return {
    process: child,
    lines,
    told: told as Record<string, string>,
    line,
    stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

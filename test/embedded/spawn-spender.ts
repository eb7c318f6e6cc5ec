import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export interface Spender {
  /** Resolves once it has spent for so long. */
  spendFor(ms: number): Promise<void>;
  /** SIGKILL; resolves to when it had spent how many tokens, in order. */
  kill(): Promise<{ atMs: number; spent: number }[]>;
}

/** A process with an embedded ledger on that directory: see `spend-for-ever.ts`. */
export async function spawnSpender(test: TestContext, stateDir: string): Promise<Spender> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(import.meta.resolve('./spend-for-ever.ts')), stateDir],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exited = once(child, 'exit');
  test.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const ended = once(lines, 'close');
  const spendings: { atMs: number; spent: number }[] = [];
  lines.on('line', (line) => {
    const [atMs = 0, spent = 0] = line.split(' ').map(Number);
    spendings.push({ atMs, spent });
  });
  await Promise.race([
    once(lines, 'line'),
    exited.then(() => {
      throw new Error('the spender ended before it spent anything');
    }),
  ]);
  return {
    async spendFor(ms) {
      const untilMs = Date.now() + ms;
      while ((spendings.at(-1)?.atMs ?? 0) < untilMs) await once(lines, 'line');
    },
    async kill() {
      child.kill('SIGKILL');
      await Promise.all([exited, ended]);
      return spendings;
    },
  };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A stand-in in a process of its own, for what must not share memory or an event loop with the test. */
export interface SpawnedStandIn {
  readonly url: string;
  readonly pid: number;
  /** Ends it, by closing its input or by SIGTERM, and tells the most memory that it has used. */
  stop(how?: 'input' | 'SIGTERM'): Promise<{ exitCode: number; maxRssKiB: number }>;
}

/** `options` are those of `serve.ts`. */
export async function spawnStandIn(...options: string[]): Promise<SpawnedStandIn> {
  const child = spawn(process.execPath, [`${import.meta.dirname}/serve.ts`, ...options], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const started: { url: string } = JSON.parse((await lines.next()).value ?? '{}');
  return {
    url: started.url,
    pid: child.pid ?? 0,
    async stop(how = 'input') {
      const exited = once(child, 'exit');
      if (how === 'input') child.stdin.end();
      else child.kill(how);
      const ended: { maxRssKiB: number } = JSON.parse((await lines.next()).value ?? '{}');
      const [exitCode] = await exited;
      return { exitCode, maxRssKiB: ended.maxRssKiB };
    },
  };
}

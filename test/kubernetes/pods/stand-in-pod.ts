import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import type { Lifetime } from '../../harness/lifetime.ts';
import type { PodNetwork } from './network.ts';

/** The stand-in for OpenAI, on the loopback of a pod; resolves to its port. */
export async function spawnStandInIn(
  lifetime: Lifetime,
  { enter }: PodNetwork,
  ...options: readonly string[]
): Promise<number> {
  const script = join(import.meta.dirname, '../../stand-in/serve.ts');
  const [file, ...args] = [...enter, process.execPath, script, ...options];
  const child = spawn(file!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  lifetime.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return Number(new URL((JSON.parse(line.toString()) as { url: string }).url).port);
}

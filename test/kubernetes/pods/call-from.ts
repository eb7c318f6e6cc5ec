import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import type { Lifetime } from '../../harness/lifetime.ts';
import type { PodNetwork } from './network.ts';

export interface CallRequest {
  readonly url: string;
  readonly init?: { method?: string; headers?: Record<string, string>; body?: string };
}

export interface CallAnswer {
  /** 0 if there is none; the body then says why: `ECONNREFUSED`. */
  readonly status: number;
  readonly body: string;
}

export type Call = (url: string, init?: CallRequest['init']) => Promise<CallAnswer>;

/** Somebody in that pod who makes calls, one at a time. */
export function callFrom(lifetime: Lifetime, { enter }: PodNetwork): Call {
  const [file, ...args] = [...enter, process.execPath, join(import.meta.dirname, 'caller.ts')];
  const child = spawn(file!, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  lifetime.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return async (url, init) => {
    const answered = once(child, 'message');
    child.send({ url, ...(init && { init }) } satisfies CallRequest);
    const [answer] = (await answered) as [CallAnswer];
    return answer;
  };
}

import type { TestContext } from 'node:test';

import { type RunningRedis, until } from '../harness/redis.ts';

/** Tells which commands a piece of work sends to the server, as MONITOR sees them. */
export async function watchCommands(
  test: TestContext,
  { client }: Pick<RunningRedis, 'client'>,
): Promise<(work: () => Promise<unknown>) => Promise<string[]>> {
  const monitor = await client.monitor();
  test.after(() => monitor.disconnect());
  const seen: string[] = [];
  // What a script does is shown, too, as coming from `lua`.
  monitor.on('monitor', (_time: string, [command = '', first]: string[], source: string) => {
    if (source !== 'lua') seen.push(command.toLowerCase() === 'echo' ? `${first}` : command.toLowerCase());
  });
  const mark = async (text: string) => {
    await client.echo(text);
    await until(async () => seen.includes(text));
  };
  return async (work) => {
    seen.length = 0;
    await mark('begin');
    await work();
    await mark('end');
    return seen.slice(seen.indexOf('begin') + 1, -1);
  };
}

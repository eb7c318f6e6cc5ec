import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { scriptText } from '../../src/redis/scripts.ts';
import { chat, startGoverned } from '../harness/governed.ts';
import { type RunningRedis, startRedis, until } from '../harness/redis.ts';

test('twenty budgets and three limits: a call is one decision and one charge, and nothing else', async (t) => {
  const budgets = Array.from({ length: 20 }, (_, index) => budgetLine(index, 1_000_000));
  const { redis, sidecar, post } = await startCounted(
    t,
    `budgets:\n${budgets.join('\n')}
limits:
  - { name: calls, requests: { rate: 1000, per: second } }
  - { name: tokens, tokens: { rate: 1000000, per: second } }
  - { name: places, concurrency: 100 }`,
  );
  const call = async (index: number) => {
    const answer = await post('/chat/completions', chat(3, { stream: index % 2 === 0 }));
    assert.equal(answer.status, 200);
    await answer.text();
  };
  // The first one connects.
  await call(0);
  await settled(redis, 1);
  const calls = 40;
  const commands = await redis.commandsOf(async () => {
    await Promise.all(Array.from({ length: calls }, (_, index) => call(index)));
    await settled(redis, calls + 1);
  });
  assert.deepEqual(
    countBy(commands, ({ name }) => name),
    { admit: calls, settle: calls },
  );
  assert.equal((await sidecar.budgets()).length, 40, 'twenty budgets, in both units');
});

test('near the limit a call takes at most one decision more', async (t) => {
  const { redis, post, standIn } = await startCounted(t, `budgets:\n${budgetLine(0, 1000)}`);
  const calls = 60;
  const statuses: number[] = [];
  const commands = await redis.commandsOf(async () => {
    for (let index = 0; index < calls; index += 1) {
      const answer = await post('/chat/completions', chat(5));
      await answer.text();
      statuses.push(answer.status);
    }
    await settled(redis, standIn.requests.length);
  });
  assert.ok(statuses.includes(200) && statuses.includes(429));
  const scripts = commands.filter(({ name }) => name !== 'info' && name !== 'hello' && name !== 'client');
  const { admit, ...others } = countBy(scripts, ({ name }) => name);
  assert.deepEqual(others, { settle: standIn.requests.length });
  const decisions = countBy(
    scripts.filter(({ name }) => name === 'admit'),
    ({ holdId }) => holdId!,
  );
  assert.equal(Object.keys(decisions).length, calls);
  assert.ok(Math.max(...Object.values(decisions)) <= 2);
  assert.ok(admit! <= calls * 1.5, `${admit} decisions: it is the exception`);
});

function budgetLine(index: number, limitTokens: number): string {
  const per = ['[]', '[model]', '[user]', '[operation]'][index % 4];
  const window = index % 2 === 0 ? '{ every: day }' : '{ rolling: 1h }';
  return `  - { name: b${index}, per: ${per}, limit: { tokens: ${limitTokens}, usd: 1000 }, window: ${window} }`;
}

async function startCounted(t: TestContext, rules: string) {
  const redis = await startRedis(t);
  const config = `store: { redisUrl: "${redis.url}", timeoutMs: 2000, leaseMs: 600000 }\n${rules}`;
  const env = {
    // Who serves the Assistants API looks for runs that others have left, too.
    ASSISTANT_PROXY_ASSISTANTS_BACKEND: 'passthrough',
    // And who slows calls down tells others, in the background, what the upstream says of its limits.
    ASSISTANT_PROXY_UPSTREAM_PACE_UP_TO_MS: '0',
  };
  return { ...(await startGoverned(t, { config, env })), redis: await watch(t, redis) };
}

interface Command {
  /** Of the script, or else of the command. */
  readonly name: string;
  /** Of an admission. */
  readonly holdId: string | undefined;
}

interface WatchedRedis {
  readonly client: RunningRedis['client'];
  /** What came from sidecars while the work was done; what is swept meanwhile is no part of any call. */
  commandsOf(work: () => Promise<void>): Promise<Command[]>;
}

/** Sees what clients send by MONITOR. The server knows the scripts already, so each is sent by its digest. */
async function watch(t: TestContext, { client }: RunningRedis): Promise<WatchedRedis> {
  const nameOf = new Map<unknown, string>();
  for (const name of ['admit', 'settle', 'claim-due'] as const) {
    nameOf.set(await client.script('LOAD', scriptText(name)), name);
  }
  const monitor = await client.monitor();
  monitor.on('error', () => {});
  t.after(() => monitor.disconnect());
  let seen: Command[] = [];
  const echoed = new Set<string>();
  monitor.on('monitor', (_time: string, [command = '', ...args]: string[], source: string) => {
    const verb = command.toLowerCase();
    if (verb === 'echo') echoed.add(args[0]!);
    const name = verb === 'evalsha' ? (nameOf.get(args[0]) ?? 'another script') : verb;
    // What a script does itself is shown, too; ECHO and KEYS are the test's own.
    if (source === 'lua' || ['echo', 'keys', 'claim-due'].includes(name)) return;
    seen.push({ name, holdId: name === 'admit' ? args[Number(args[1]) + 3] : undefined });
  });
  const mark = async (text: string) => {
    await client.echo(text);
    await until(async () => echoed.has(text));
  };
  return {
    client,
    async commandsOf(work) {
      await mark('begin');
      seen = [];
      await work();
      await mark('end');
      return seen;
    },
  };
}

/** Until so many holds were settled: each leaves its id behind. */
function settled({ client }: WatchedRedis, count: number): Promise<void> {
  return until(async () => (await client.keys('*:s:*')).length === count);
}

function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return counts;
}

/**
 * Applications of the Assistants API, while the sidecars that serve it are killed, and the Redis that they share is
 * killed and started again on its append-only file. It syncs each write before it answers (`appendfsync always`), so
 * that what was acknowledged was written. Or one sidecar on its embedded store, killed and started again.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import OpenAI from 'openai';
import type { Run } from 'openai/resources/beta/threads/runs/runs';

import type { BudgetReport } from '../../src/ledger/budget-report.ts';
import type { Lifetime } from '../harness/lifetime.ts';
import { type RunningProcess, spawnSidecar } from '../harness/processes.ts';
import { startRedis } from '../harness/redis.ts';
import { upstreamKey } from '../harness/sidecar.ts';
import { startStandIn } from '../stand-in/stand-in.ts';
import { type Acknowledged, isActive, talk } from './assistants-application.ts';
import { auditAssistants } from './assistants-audit.ts';

export interface AssistantsChaosPlan {
  /** With `embedded` there is one sidecar. */
  readonly store: 'redis' | 'embedded';
  readonly sidecars: number;
  readonly applications: number;
  readonly seconds: number;
  readonly limitTokens: number;
  readonly killEveryMs: number;
  readonly restartRedisEveryMs: number;
  readonly random: () => number;
}

export interface AssistantsChaosFigures {
  readonly kills: number;
  readonly redisRestarts: number;
  readonly acknowledged: Readonly<Record<'assistants' | 'threads' | 'messages' | 'runs', number>>;
  /** How many runs ended how, those included whose creation was never acknowledged. */
  readonly runs: Readonly<Record<string, number>>;
  /** Of those that failed, because of which error. */
  readonly failures: Readonly<Record<string, number>>;
  readonly modelCalls: number;
  readonly limitTokens: number;
  readonly billedTokens: number;
  readonly usedTokens: number;
  readonly heldTokens: number;
  readonly peakTokens: number;
  /** What is not as it must be, in sentences. */
  readonly problems: readonly string[];
  readonly seconds: number;
}

const leaseMs = 1500;
export const expireAfterSeconds = 8;
/** All leases have lapsed, all that waits has expired, and what was found then has been dealt with. */
const quiesceMs = 40_000;

export async function runAssistantsChaos(
  lifetime: Lifetime,
  plan: AssistantsChaosPlan,
): Promise<AssistantsChaosFigures> {
  const startedAtMs = performance.now();
  const { random } = plan;
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-chaos-'));
  lifetime.after(async () => rmSync(folder, { recursive: true, force: true }));
  const redis = plan.store === 'redis' ? await startRedis(lifetime, { aof: true }) : undefined;
  const standIn = await startStandIn({ apiKey: upstreamKey, chunkDelayMs: 25, keepRequests: 100_000 });
  lifetime.after(() => standIn.close());
  const configFile = join(folder, 'config.yaml');
  writeFileSync(configFile, configuration(plan.limitTokens, redis?.url ?? ''));
  const spawn = (pod: number) =>
    spawnSidecar(lifetime, standIn.url, {
      ASSISTANT_PROXY_CONFIG: configFile,
      ASSISTANT_PROXY_STORE_STATE_DIR: join(folder, `pod-${pod}`),
      ASSISTANT_PROXY_TELEMETRY_LOG_LEVEL: 'info',
    });
  const sidecars = await Promise.all(Array.from({ length: plan.sidecars }, (_, pod) => spawn(pod)));
  const acknowledged: Acknowledged = {
    assistants: [],
    threads: [],
    messages: [],
    runs: [],
    cancelledIds: new Set(),
    answers: new Map(),
  };
  const over = new AbortController();
  const calm = new AbortController();
  let kills = 0;
  let redisRestarts = 0;
  let peakTokens = 0;
  const timer = setTimeout(() => over.abort(), plan.seconds * 1000);
  lifetime.after(async () => clearTimeout(timer));
  const sampling = sample();
  await Promise.all([
    ...Array.from({ length: plan.applications }, () =>
      talk({ acknowledged, random, client: anyClient, over: over.signal }),
    ),
    killSidecars(),
    restartRedis(),
  ]);
  const runs = await quiesce();
  const budget = await settledBudget();
  calm.abort();
  await sampling;
  const { problems, ...audited } = await auditAssistants({
    client: anyClient(),
    acknowledged,
    runs,
    requests: standIn.requests,
  });
  const { used, held } = budget ?? { used: 0, held: 0 };
  problems.push(...budgetProblems(used, held, audited.billedTokens));
  return {
    kills,
    redisRestarts,
    acknowledged: {
      assistants: acknowledged.assistants.length,
      threads: acknowledged.threads.length,
      messages: acknowledged.messages.length,
      runs: acknowledged.runs.length,
    },
    ...audited,
    limitTokens: plan.limitTokens,
    usedTokens: used,
    heldTokens: held,
    peakTokens,
    problems,
    seconds: (performance.now() - startedAtMs) / 1000,
  };

  function anyClient(): OpenAI {
    const { url } = sidecars[Math.floor(random() * sidecars.length)]!;
    return new OpenAI({ baseURL: url, apiKey: 'any', maxRetries: 0, timeout: 10_000 });
  }

  async function killSidecars(): Promise<void> {
    while (await pause(plan.killEveryMs)) {
      const index = Math.floor(random() * sidecars.length);
      const victim = sidecars[index]!;
      victim.signal('SIGKILL');
      await victim.exitCode;
      kills += 1;
      sidecars[index] = await spawn(index);
    }
  }

  async function restartRedis(): Promise<void> {
    if (!redis) return;
    while (await pause(plan.restartRedisEveryMs)) {
      await redis.restart();
      redisRestarts += 1;
    }
  }

  async function sample(): Promise<void> {
    while (!calm.signal.aborted) {
      const shared = await sharedBudget(sidecars);
      if (shared) peakTokens = Math.max(peakTokens, shared.used + shared.held);
      await sleep(250);
    }
  }

  /** False if it is over meanwhile. */
  async function pause(ms: number): Promise<boolean> {
    const delayMs = ms * (0.5 + random());
    return sleep(delayMs, true, { signal: over.signal }).catch(() => false);
  }

  /** All runs there are, when none of them is active any more, or it has taken too long. */
  async function quiesce(): Promise<Run[]> {
    const givesUpAtMs = performance.now() + quiesceMs;
    for (;;) {
      const found = await Promise.all(
        acknowledged.threads.map(({ id }) => runsOf(id).catch(() => undefined)),
      );
      const known = found.flatMap((runs) => runs ?? []);
      const isCalm = found.every((runs) => runs !== undefined) && !known.some(isActive);
      if (isCalm || performance.now() > givesUpAtMs) return known;
      await sleep(300);
    }
  }

  async function runsOf(threadId: string): Promise<Run[]> {
    return (await anyClient().beta.threads.runs.list(threadId, { limit: 100 })).data;
  }

  async function settledBudget(): Promise<BudgetReport | undefined> {
    const givesUpAtMs = performance.now() + quiesceMs;
    for (;;) {
      const shared = await sharedBudget(sidecars);
      if (shared?.held === 0 || performance.now() > givesUpAtMs) return shared;
      await sleep(200);
    }
  }

  function budgetProblems(used: number, held: number, billed: number): string[] {
    const found: string[] = [];
    if (held > 0) found.push(`leak: ${held} tokens are still held`);
    if (used < billed) found.push(`undercharge: ${used} tokens used of ${billed} billed`);
    const most = Math.max(used, billed, peakTokens);
    if (most > plan.limitTokens) found.push(`overshoot: ${most} tokens of ${plan.limitTokens}`);
    return found;
  }
}

function configuration(limitTokens: number, redisUrl: string): string {
  return `
store: { redisUrl: "${redisUrl}", leaseMs: 3000 }
identity: { org: chaos }
assistants: { leaseMs: ${leaseMs}, expireAfterSeconds: ${expireAfterSeconds} }
budgets:
  - { name: shared, limit: { tokens: ${limitTokens} }, window: { every: month } }
`;
}

/** From whichever sidecar and store can say. */
async function sharedBudget(sidecars: readonly RunningProcess[]): Promise<BudgetReport | undefined> {
  for (const { adminUrl } of sidecars) {
    const answer = await fetch(`${adminUrl}/budgets`).catch(() => undefined);
    const reports = answer?.ok ? ((await answer.json()) as BudgetReport[]) : [];
    const shared = reports.find(({ name }) => name === 'shared');
    if (shared) return shared;
  }
  return undefined;
}

/**
 * Eight sidecars, one Redis and a budget too small for what is asked of it, while sidecars are killed, Redis is
 * restarted and callers leave. The stand-in for OpenAI knows what it billed for each call; the ledger is asked
 * what it charged for each, through a budget that observes each call apart.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { BudgetReport } from '../../src/ledger/budget-report.ts';
import type { Lifetime } from '../harness/lifetime.ts';
import { type RunningProcess, spawnSidecar } from '../harness/processes.ts';
import { startRedis } from '../harness/redis.ts';
import { startStandIn } from '../stand-in/stand-in.ts';
import { type CallResult, type CallPlan, makeCall, planCall } from './calls.ts';

export interface ChaosPlan {
  readonly calls: number;
  readonly sidecars: number;
  readonly callsAtOnce: number;
  readonly limitTokens: number;
  readonly killEveryMs: number;
  readonly restartRedisEveryMs: number;
  readonly random: () => number;
  readonly progress: (text: string) => void;
}

export interface ChaosFigures {
  readonly limitTokens: number;
  /** What the stand-in billed, in all. */
  readonly billedTokens: number;
  /** What the ledger says was used, after quiescence. */
  readonly usedTokens: number;
  readonly heldTokens: number;
  /** The most that was ever used and held together, as sampled. */
  readonly peakTokens: number;
  readonly endings: Readonly<Record<CallResult['ending'], number>>;
  readonly kills: number;
  readonly redisRestarts: number;
  readonly seconds: number;
  /** Ended calls whose charge is not what their answer told. */
  readonly wrongCharges: readonly string[];
  /** Calls cut short that were charged less than was billed, or more than could be held. */
  readonly unfairCharges: readonly string[];
  /** Refused calls that cost something. */
  readonly chargedRefusals: readonly string[];
  /** Of the budget, after the rest was spent by calls one after another. */
  readonly unspendableTokens: number;
}

const leaseMs = 3000;

export async function runChaos(lifetime: Lifetime, plan: ChaosPlan): Promise<ChaosFigures> {
  const startedAtMs = performance.now();
  const { random, progress } = plan;
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-chaos-'));
  lifetime.after(async () => rmSync(folder, { recursive: true, force: true }));
  const redis = await startRedis(lifetime, { aof: true });
  const standIn = await startStandIn({ chunkDelayMs: 4, keepRequests: plan.calls * 4 });
  lifetime.after(() => standIn.close());
  const configFile = join(folder, 'config.yaml');
  writeFileSync(configFile, configuration(plan.limitTokens, redis.url));
  // A container that was killed starts again in its pod, and finds the pod's volume as it was.
  const spawn = (pod: number) =>
    spawnSidecar(lifetime, standIn.url, {
      ASSISTANT_PROXY_CONFIG: configFile,
      ASSISTANT_PROXY_STORE_STATE_DIR: join(folder, `pod-${pod}`),
      ASSISTANT_PROXY_TELEMETRY_LOG_LEVEL: 'info',
    });
  const sidecars = await Promise.all(Array.from({ length: plan.sidecars }, (_, pod) => spawn(pod)));
  let kills = 0;
  let redisRestarts = 0;
  let peakTokens = 0;
  const over = new AbortController();

  const results: CallResult[] = [];
  await Promise.all([callAll(), killSidecars(), restartRedis(), sample()]);
  progress('waiting until no hold is left');
  const unspendableTokens = await quiesce().then(spendTheRest);
  const { used, held, charges } = await quiesce();
  return { ...judge(charges), ...figures(used, held), unspendableTokens };

  async function callAll(): Promise<void> {
    let next = 0;
    const worker = async () => {
      while (next < plan.calls) {
        const call = planCall(`call-${next}`, random);
        next += 1;
        if (next % 100 === 0) progress(`${next} of ${plan.calls} calls`);
        const sidecar = sidecars[Math.floor(random() * sidecars.length)]!;
        results.push(await makeCall(sidecar.url, call));
      }
    };
    await Promise.all(Array.from({ length: plan.callsAtOnce }, worker));
    over.abort();
  }

  async function killSidecars(): Promise<void> {
    for (;;) {
      await pause(plan.killEveryMs);
      if (over.signal.aborted) return;
      const index = Math.floor(random() * sidecars.length);
      const victim = sidecars[index]!;
      victim.signal('SIGKILL');
      await victim.exitCode;
      kills += 1;
      sidecars[index] = await spawn(index);
    }
  }

  async function restartRedis(): Promise<void> {
    for (;;) {
      await pause(plan.restartRedisEveryMs);
      if (over.signal.aborted) return;
      await redis.restart();
      redisRestarts += 1;
    }
  }

  async function sample(): Promise<void> {
    while (!over.signal.aborted) {
      await pause(250);
      const [shared] = (await budgets(sidecars)).filter(({ name }) => name === 'shared');
      if (shared) peakTokens = Math.max(peakTokens, shared.used + shared.held);
    }
  }

  async function pause(ms: number): Promise<void> {
    const endsAtMs = performance.now() + ms * (0.75 + random() / 2);
    while (!over.signal.aborted && performance.now() < endsAtMs) await sleep(20);
  }

  /** All leases have lapsed and were swept, and what was cut has been looked up. */
  async function quiesce() {
    const givesUpAtMs = performance.now() + 60_000;
    for (;;) {
      const rows = await budgets(sidecars);
      const shared = rows.find(({ name }) => name === 'shared');
      if (shared && (shared.held === 0 || performance.now() > givesUpAtMs)) {
        const charges = new Map(
          rows
            .filter(({ name }) => name === 'each-call')
            .map(({ scope, used }) => [scope.replace('metadata.call=', ''), used]),
        );
        return { used: shared.used, held: shared.held, charges };
      }
      await sleep(200);
    }
  }

  /** Small calls one after another, until even the smallest is refused. */
  async function spendTheRest({ used }: { used: number }): Promise<number> {
    progress('spending what is left');
    const [sidecar] = sidecars;
    let left = plan.limitTokens - used;
    for (let index = 0; index < 200; index += 1) {
      const words = left > 2000 ? 400 : 10;
      const call: CallPlan = { ...smallCall, id: `rest-${index}`, words, maxTokens: Math.max(16, left) };
      const result = await makeCall(sidecar!.url, call);
      results.push(result);
      left = plan.limitTokens - (await quiesce()).used;
      if (result.ending === 'denied') break;
    }
    return left;
  }

  function judge(charges: ReadonlyMap<string, number>) {
    const billed = new Map<string, number>();
    for (const { json, usage } of standIn.requests) {
      const id = (json as { metadata?: { call?: string } } | undefined)?.metadata?.call;
      if (id === undefined || !usage) continue;
      billed.set(id, (billed.get(id) ?? 0) + usage.inputTokens + usage.outputTokens);
    }
    const wrongCharges: string[] = [];
    const unfairCharges: string[] = [];
    const chargedRefusals: string[] = [];
    for (const { id, ending, toldTokens, mostTokens } of results) {
      const charge = charges.get(id) ?? 0;
      const bill = billed.get(id) ?? 0;
      const line = `${id} (${ending}): charged ${charge}, billed ${bill}, told ${toldTokens}, at most ${mostTokens}`;
      if (ending === 'ended' && (charge !== toldTokens || charge !== bill)) wrongCharges.push(line);
      if (ending === 'cut' && (charge < bill || charge > mostTokens)) unfairCharges.push(line);
      if (ending === 'denied' && charge + bill > 0) chargedRefusals.push(line);
    }
    const billedTokens = [...billed.values()].reduce((sum, tokens) => sum + tokens, 0);
    return { wrongCharges, unfairCharges, chargedRefusals, billedTokens };
  }

  function figures(usedTokens: number, heldTokens: number) {
    const endings = { ended: 0, denied: 0, cut: 0 };
    for (const { ending } of results) endings[ending] += 1;
    const seconds = (performance.now() - startedAtMs) / 1000;
    const { limitTokens } = plan;
    return { limitTokens, usedTokens, heldTokens, peakTokens, endings, kills, redisRestarts, seconds };
  }
}

const smallCall = { kind: 'chat', isStream: false, leavesAfterMs: undefined, inputWords: 1 } as const;

function configuration(limitTokens: number, redisUrl: string): string {
  return `
store: { redisUrl: "${redisUrl}", leaseMs: ${leaseMs} }
identity: { org: chaos }
budgets:
  - { name: shared, limit: { tokens: ${limitTokens} }, window: { every: month } }
  - { name: each-call, per: [metadata.call], limit: { tokens: 1000000 }, window: { every: month }, mode: observe }
`;
}

/** From whichever sidecar and store can say. */
async function budgets(sidecars: readonly RunningProcess[]): Promise<BudgetReport[]> {
  for (const sidecar of sidecars) {
    const answer = await fetch(`${sidecar.adminUrl}/budgets`).catch(() => undefined);
    if (answer?.ok) return (await answer.json()) as BudgetReport[];
  }
  return [];
}

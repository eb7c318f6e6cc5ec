import { setTimeout as sleep } from 'node:timers/promises';

import { runIn } from '../store/parse-record.ts';
import { type RunRecord, threadPartition } from '../store/records.ts';
import type { AssistantStore } from '../store/store.ts';
import { isTerminal } from './run-states.ts';

interface LeaveParts {
  readonly store: Pick<AssistantStore, 'get' | 'schedule' | 'finish'>;
  readonly leaseMs: number;
  readonly nowMs: () => number;
}

/** How often the store is asked, until what is due comes due by itself, only later. */
const tries = 5;

/** Tells the store when somebody has to look next at a run that this pod does nothing more for, if anybody has to. */
export async function leaveRun(
  { store, leaseMs, nowMs }: LeaveParts,
  org: string,
  name: string,
  { run, expiresAtMs }: RunRecord,
): Promise<void> {
  if (isTerminal(run.status)) return insist(() => store.finish(org, name));
  // Let go of in the middle: others need not wait for the lease.
  if (run.status !== 'requires_action') return insist(() => store.schedule(org, name, 0));
  await insist(() => store.schedule(org, name, Math.max(0, expiresAtMs - nowMs())));
  const [found] = await store.get(threadPartition(org, run.thread_id), [run.id]);
  // Whoever took its outputs meanwhile may have crashed, and would not be missed until it expires.
  if (runIn(found)?.run.status !== 'requires_action') {
    await insist(() => store.schedule(org, name, leaseMs));
  }
}

async function insist(work: () => Promise<unknown>): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      return void (await work());
    } catch (error) {
      if (tried >= tries) throw error;
      await sleep(100 * tried);
    }
  }
}

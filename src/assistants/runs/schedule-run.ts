import { StoreUnavailable } from '../../store-unavailable.ts';
import { type CallTrace, type Tracing, failureType } from '../../telemetry/tracing.ts';
import type { ApiCall } from '../api-call.ts';
import type { NewId } from '../ids.ts';
import { workOf } from '../store/records.ts';
import type { AssistantStore } from '../store/store.ts';
import { beginRunTrace } from './run-span.ts';

/** A run that is to be: its id, and what keeps it from being forgotten. */
export interface Work {
  readonly id: string;
  readonly scheduled: () => Promise<void>;
  readonly trace: CallTrace | undefined;
}

interface ScheduleParts {
  readonly store: AssistantStore;
  readonly leaseMs: number;
  /** Undefined: no traces are made. */
  readonly tracing?: Tracing | undefined;
  readonly newId: NewId;
  readonly nowMs: () => number;
}

/**
 * Whoever finds that this pod crashed in the middle of it cares for the run, if there is one by then: so the work is
 * there before the run is, which `scheduled` waits for.
 */
export async function withWork<Result>(
  { store, leaseMs, tracing, newId, nowMs }: ScheduleParts,
  { identity: { org }, trace: caller }: ApiCall,
  threadId: string,
  begin: (work: Work) => Promise<Result>,
): Promise<Result> {
  const runId = newId('run_');
  const trace = beginRunTrace(tracing, caller, { id: runId, threadId });
  const name = workOf(threadId, runId);
  let scheduledAtMs = nowMs();
  let scheduled = store.schedule(org, name, leaseMs);
  // Whoever waits for it hears of it.
  scheduled.catch(() => {});
  try {
    return await begin({
      id: runId,
      trace,
      async scheduled() {
        // Files take their time, and whoever finds no run when it is due forgets the work.
        if (nowMs() - scheduledAtMs > leaseMs / 2) {
          scheduledAtMs = nowMs();
          scheduled = store.schedule(org, name, leaseMs);
        }
        await scheduled;
      },
    });
  } catch (error) {
    trace?.span?.fail(failureType(error), 'callers');
    trace?.span?.end();
    // The run may be there although no answer said so: whoever claims the work will see.
    if (!(error instanceof StoreUnavailable)) {
      await scheduled.then(() => store.finish(org, name)).catch(() => {});
    }
    throw error;
  }
}

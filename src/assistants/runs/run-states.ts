import type { RunStatus } from '../wire.ts';

/** What can happen to a run. */
export type RunChange =
  | 'begin'
  | 'askForOutputs'
  | 'takeOutputs'
  | 'complete'
  | 'runOut'
  | 'fail'
  | 'cancel'
  | 'stop'
  | 'expire';

/**
 * The life of a run: what may happen in which status, and what status follows. What a row doesn't list can't
 * happen; a status that lists nothing is an end.
 */
export const runStates: Readonly<Record<RunStatus, Readonly<Partial<Record<RunChange, RunStatus>>>>> = {
  queued: { begin: 'in_progress', cancel: 'cancelling', fail: 'failed', expire: 'expired' },
  in_progress: {
    askForOutputs: 'requires_action',
    complete: 'completed',
    runOut: 'incomplete',
    cancel: 'cancelling',
    fail: 'failed',
    expire: 'expired',
  },
  requires_action: { takeOutputs: 'queued', cancel: 'cancelling', expire: 'expired' },
  cancelling: { stop: 'cancelled' },
  cancelled: {},
  failed: {},
  completed: {},
  incomplete: {},
  expired: {},
};

/** Undefined if that can't happen in this status. */
export function follow(status: RunStatus, change: RunChange): RunStatus | undefined {
  return runStates[status][change];
}

/** A run that has ended; before that it locks its thread. */
export function isTerminal(status: RunStatus): boolean {
  return Object.keys(runStates[status]).length === 0;
}

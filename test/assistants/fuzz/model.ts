/**
 * What a caller may expect of the API, written down from its documentation and without a look at how it is served:
 * which objects there are, and what can become of a run.
 */
import type { Assistant, Message, Run, RunStatus, Thread } from '../../../src/assistants/wire.ts';
import type { StreamTold } from './world.ts';

export interface AssistantModel {
  object: Assistant;
}

export interface ThreadModel {
  object: Thread;
  /** Oldest first, those of the active run aside. */
  messages: Message[];
  /** Oldest first. */
  runs: RunModel[];
}

export interface RunModel {
  /** As it was last seen. */
  seen: Run;
  plan: Plan;
  /** Outputs were taken, so that it may begin anew. */
  isResumed: boolean;
  /** Its time is up. */
  isDue: boolean;
  /** Somebody was told that it is being cancelled. */
  isCancelled: boolean;
  /** What it tells, and of those it told before. */
  stream?: Promise<StreamTold>;
}

/** How a run goes if nobody interferes. */
export type Plan =
  | { readonly kind: 'says'; readonly text: string }
  | { readonly kind: 'calls'; readonly names: readonly string[] }
  | { readonly kind: 'fails' | 'refuses' | 'runsOut' | 'completes' | 'unknown' };

const ends: ReadonlySet<RunStatus> = new Set(['cancelled', 'failed', 'completed', 'incomplete', 'expired']);

export function hasEnded({ status }: Pick<Run, 'status'>): boolean {
  return ends.has(status);
}

/** What may be seen next, and later, of a run that nobody gives outputs. */
const later: Readonly<Partial<Record<RunStatus, readonly RunStatus[]>>> = {
  queued: ['queued', 'in_progress', 'requires_action', 'cancelling', ...ends],
  in_progress: ['in_progress', 'requires_action', 'cancelling', ...ends],
  requires_action: ['requires_action', 'cancelling', 'cancelled', 'expired'],
  cancelling: ['cancelling', 'cancelled'],
};

export function mayBecome(before: RunStatus, after: RunStatus, isResumed: boolean): boolean {
  const from = isResumed && before === 'requires_action' ? 'queued' : before;
  return later[from]?.includes(after) ?? before === after;
}

/** How a run may end, or wait, given its plan and what was done to it. */
export function endingsOf({ plan, isCancelled, isDue, isResumed }: RunModel): readonly RunStatus[] {
  if (isCancelled) return ['cancelled'];
  const planned = plannedEnding(plan, isResumed);
  return isDue ? ['expired', ...planned] : planned;
}

function plannedEnding(plan: Plan, isResumed: boolean): readonly RunStatus[] {
  switch (plan.kind) {
    case 'fails':
      return ['failed'];
    case 'runsOut':
      return ['incomplete'];
    case 'calls':
      return isResumed ? ['completed'] : ['requires_action'];
    case 'unknown':
      return ['completed', 'requires_action', 'failed', 'incomplete'];
    default:
      return ['completed'];
  }
}

/** How the stand-in answers the last that a user has said. */
export function planOf(said: string | undefined, offered: ReadonlySet<string>, isCapped: boolean): Plan {
  if (said === undefined) return { kind: 'unknown' };
  if (said.includes('[[fail')) return { kind: 'fails' };
  if (said.includes('[[refuse')) return { kind: 'refuses' };
  const names = [...said.matchAll(/\[\[tool:(\w+)/g)].map(([, name = '']) => name);
  const called = names.filter((name) => offered.has(name));
  if (called.length > 0) return { kind: 'calls', names: called };
  const say = /\[\[say:([^\]]*)\]\]/.exec(said);
  if (say) return { kind: 'says', text: say[1]! };
  return isCapped && said.includes('[[words:600]]') ? { kind: 'runsOut' } : { kind: 'completes' };
}

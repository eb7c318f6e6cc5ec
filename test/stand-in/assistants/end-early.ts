import type { Run } from 'openai/resources/beta/threads/runs/runs';

import { addUsage, usageOf } from './leg.ts';
import type { PlannedEvent, RunEntry } from './thread-state.ts';

/** The events that end a run in the middle of what it was doing: its open message and step end with it. */
export function endEarly(run: RunEntry, how: 'cancelled' | 'expired', atMs: number): PlannedEvent[] {
  const at = run.run.created_at + Math.round((atMs - run.createdAtMs) / 1000);
  const events: PlannedEvent['event'][] = [];
  const message = last(run, 'thread.message.');
  if (message && 'role' in message.data && message.data.status === 'in_progress') {
    events.push({
      event: 'thread.message.incomplete',
      data: {
        ...message.data,
        status: 'incomplete',
        incomplete_at: at,
        incomplete_details: { reason: `run_${how}` },
      },
    });
  }
  const usage = legUsageAt(run, atMs);
  const step = last(run, 'thread.run.step.');
  if (step && 'step_details' in step.data && step.data.status === 'in_progress') {
    events.push(
      how === 'cancelled'
        ? { event: 'thread.run.step.cancelled', data: { ...step.data, status: how, cancelled_at: at, usage } }
        : { event: 'thread.run.step.expired', data: { ...step.data, status: how, expired_at: at, usage } },
    );
  }
  const ended: Run = {
    ...run.run,
    status: how,
    required_action: null,
    expires_at: null,
    usage: addUsage(run.usedBefore, usage),
  };
  events.push(
    how === 'cancelled'
      ? { event: 'thread.run.cancelled', data: { ...ended, cancelled_at: at } }
      : { event: 'thread.run.expired', data: ended },
  );
  return events.map((event) => ({ event, dueMs: atMs }));
}

/** What the present leg has cost until this time: the prompt from its start, the output evenly. */
function legUsageAt({ legUsage, legStartsAtMs, legEndsAtMs }: RunEntry, atMs: number): Run.Usage {
  if (atMs < legStartsAtMs) return usageOf(0, 0);
  const share = Math.min(1, (atMs - legStartsAtMs) / (legEndsAtMs - legStartsAtMs));
  return usageOf(legUsage.prompt_tokens, Math.floor(legUsage.completion_tokens * share));
}

/** The last event of this kind that carries its whole object; deltas carry only a part. */
function last(run: RunEntry, prefix: string): PlannedEvent['event'] | undefined {
  return run.plan.findLast(({ event }) => event.event.startsWith(prefix) && !event.event.endsWith('.delta'))
    ?.event;
}

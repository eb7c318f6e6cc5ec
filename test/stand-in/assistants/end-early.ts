import type { Run } from 'openai/resources/beta/threads/runs/runs';

import { type Told, applyEvent } from './apply-event.ts';
import { addUsage, usageOf } from './leg.ts';
import type { PlannedEvent, RunEntry } from './thread-state.ts';

/** The events that end a run in the middle of what it was doing: its open message and step end with it. */
export function endEarly(run: RunEntry, how: 'cancelled' | 'expired', atMs: number): PlannedEvent[] {
  const at = run.run.created_at + Math.round((atMs - run.createdAtMs) / 1000);
  const events: PlannedEvent['event'][] = [];
  const told: Told = { steps: new Map(), messages: new Map() };
  for (const { event } of run.plan) applyEvent(told, event);
  const message = [...told.messages.values()].find(({ status }) => status === 'in_progress');
  if (message) {
    events.push({
      event: 'thread.message.incomplete',
      data: {
        ...message,
        status: 'incomplete',
        incomplete_at: at,
        incomplete_details: { reason: `run_${how}` },
      },
    });
  }
  const usage = legUsageAt(run, atMs);
  const step = [...told.steps.values()].find(({ status }) => status === 'in_progress');
  if (step) {
    events.push(
      how === 'cancelled'
        ? { event: 'thread.run.step.cancelled', data: { ...step, status: how, cancelled_at: at, usage } }
        : { event: 'thread.run.step.expired', data: { ...step, status: how, expired_at: at, usage } },
    );
  }
  const before = run.plan.findLast(
    ({ event }) => 'object' in event.data && event.data.object === 'thread.run',
  );
  const ended: Run = {
    ...((before?.event.data as Run | undefined) ?? run.run),
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

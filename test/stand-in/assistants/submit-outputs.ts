import type { RunSubmitToolOutputsParams } from 'openai/resources/beta/threads/runs/runs';
import type { RunStep } from 'openai/resources/beta/threads/runs/steps';

import { ApiError } from '../api-error.ts';
import type { Call } from '../call.ts';
import type { RunsOptions } from './create-run.ts';
import { addUsage } from './leg.ts';
import { secondsAt, startLeg } from './start-leg.ts';
import type { RunEntry, ThreadEntry } from './thread-state.ts';

/** Takes the outputs and starts the next leg. Returns where its events begin in the plan. */
export function submitOutputs(
  options: RunsOptions,
  entry: ThreadEntry,
  run: RunEntry,
  body: Omit<RunSubmitToolOutputsParams, 'thread_id'>,
  { mint }: Call,
): number {
  const asked = run.run.required_action?.submit_tool_outputs.tool_calls;
  if (!asked) {
    throw new ApiError(400, `Runs in status "${run.run.status}" do not accept tool outputs.`);
  }
  const outputs = new Map(body.tool_outputs.map(({ tool_call_id, output }) => [tool_call_id, output]));
  const expected = asked.map(({ id }) => id);
  const got = body.tool_outputs.map(({ tool_call_id }) => tool_call_id ?? '');
  if (expected.length !== got.length || expected.some((id) => !got.includes(id))) {
    throw new ApiError(400, `Expected tool outputs for call_ids ${named(expected)}, got ${named(got)}`);
  }
  run.exchanged.push(...run.legBuiltIn);
  for (const { id, function: called } of asked) {
    run.exchanged.push({ role: 'assistant', text: `${called.name}(${called.arguments})` });
    run.exchanged.push({ role: 'tool', text: outputs.get(id) ?? '' });
  }
  const now = options.nowMs();
  run.plan.length = run.happened;
  const from = run.plan.length;
  const step = [...run.steps.values()].at(-1);
  if (step) {
    const tool_calls = asked.map(({ id, function: called }) => ({
      id,
      type: 'function' as const,
      function: { ...called, output: outputs.get(id) ?? null },
    }));
    const completed: RunStep = {
      ...step,
      status: 'completed',
      completed_at: secondsAt(run, now),
      step_details: { type: 'tool_calls', tool_calls },
      usage: run.legUsage,
    };
    run.plan.push({ event: { event: 'thread.run.step.completed', data: completed }, dueMs: 0 });
  }
  run.usedBefore = addUsage(run.usedBefore, run.legUsage);
  run.run = { ...run.run, status: 'queued', required_action: null };
  run.plan.push({ event: { event: 'thread.run.queued', data: run.run }, dueMs: 0 });
  options.threads.advance(entry);
  startLeg(options, entry, run, mint);
  return from;
}

function named(ids: readonly string[]): string {
  return `[${ids.map((id) => `'${id}'`).join(', ')}]`;
}

import type { AssistantStreamEvent } from 'openai/resources/beta/assistants';
import type { Run } from 'openai/resources/beta/threads/runs/runs';

import { addUsage, usageOf, type Leg } from './leg.ts';
import { builtInCalls, builtInStep, cutFunctionStep, functionStep, messageStep } from './plan-steps.ts';

/**
 * The events of a leg, from `thread.run.in_progress` to the one it stops at. Usage stays null until the run has
 * ended; each step tells its own.
 */
export function* planLeg(leg: Leg): Generator<AssistantStreamEvent> {
  const { completion, endedAt } = leg;
  const run: Run = { ...leg.run, status: 'in_progress', started_at: leg.startedAt, required_action: null };
  yield { event: 'thread.run.in_progress', data: run };
  if (leg.unaffordable) {
    yield cutOff(run, leg.unaffordable, leg.usedBefore);
    return;
  }
  const usage = usageOf(completion.usage.inputTokens, completion.usage.outputTokens);
  const used = addUsage(leg.usedBefore, usage);
  if (completion.directives.fail) {
    yield* failed(leg, run, used);
    return;
  }
  const builtIn = builtInCalls(leg);
  if (builtIn.length > 0) yield* builtInStep(leg, run, builtIn);
  const isCut = completion.finish === 'length';
  if (completion.calls.length > 0) {
    yield* isCut ? cutFunctionStep(leg, usage) : functionStep(leg, run);
    if (!isCut) return;
  } else if (!isCut || completion.text !== '') {
    yield* messageStep(leg, run, usage);
  }
  if (isCut) {
    yield cutOff(run, 'max_completion_tokens', used);
  } else {
    const ended = { ...run, expires_at: null, usage: used };
    yield { event: 'thread.run.completed', data: { ...ended, status: 'completed', completed_at: endedAt } };
  }
}

function cutOff(run: Run, reason: NonNullable<Leg['unaffordable']>, usage: Run.Usage): AssistantStreamEvent {
  return {
    event: 'thread.run.incomplete',
    data: { ...run, status: 'incomplete', incomplete_details: { reason }, expires_at: null, usage },
  };
}

function* failed(leg: Leg, run: Run, usage: Run.Usage): Generator<AssistantStreamEvent> {
  const { fail } = leg.completion.directives;
  const last_error: Run.LastError = {
    code: fail === 'rate_limit_exceeded' || fail === 'invalid_prompt' ? fail : 'server_error',
    message: 'The model failed to generate a response.',
  };
  yield {
    event: 'thread.run.failed',
    data: { ...run, status: 'failed', failed_at: leg.endedAt, expires_at: null, last_error, usage },
  };
}

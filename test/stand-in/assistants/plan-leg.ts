import type { AssistantStreamEvent } from 'openai/resources/beta/assistants';
import type { Run } from 'openai/resources/beta/threads/runs/runs';

import { addUsage, usageOf, type Leg } from './leg.ts';
import { builtInCalls, builtInStep, functionStep, messageStep, toolTokens } from './plan-steps.ts';

/**
 * The events of a leg, from `thread.run.in_progress` to the one it stops at. Usage stays null until the run has
 * ended; each step tells its own.
 */
export function* planLeg(leg: Leg): Generator<AssistantStreamEvent> {
  const { completion, endedAt } = leg;
  const run: Run = { ...leg.run, status: 'in_progress', started_at: leg.startedAt, required_action: null };
  yield { event: 'thread.run.in_progress', data: run };
  if (leg.promptTooLong) {
    const incomplete_details = { reason: 'max_prompt_tokens' as const };
    const usage = leg.usedBefore;
    yield {
      event: 'thread.run.incomplete',
      data: { ...run, status: 'incomplete', incomplete_details, usage },
    };
    return;
  }

  let used = leg.usedBefore;
  const builtIn = builtInCalls(leg);
  if (builtIn.length > 0) {
    const usage = usageOf(completion.usage.inputTokens, toolTokens(leg, builtIn));
    used = addUsage(used, usage);
    yield* builtInStep(leg, run, builtIn, usage);
  }
  const usage = usageOf(completion.usage.inputTokens, completion.usage.outputTokens);
  if (completion.directives.fail) {
    yield* failed(leg, run, addUsage(used, usage));
    return;
  }
  if (completion.calls.length > 0 && completion.finish !== 'length') {
    yield* functionStep(leg, run);
    return;
  }
  used = addUsage(used, usage);
  yield* messageStep(leg, run, usage);
  const ended = { ...run, expires_at: null, usage: used };
  if (completion.finish === 'length') {
    const incomplete_details = { reason: 'max_completion_tokens' as const };
    yield { event: 'thread.run.incomplete', data: { ...ended, status: 'incomplete', incomplete_details } };
  } else {
    yield { event: 'thread.run.completed', data: { ...ended, status: 'completed', completed_at: endedAt } };
  }
}

function* failed(leg: Leg, run: Run, usage: Run.Usage): Generator<AssistantStreamEvent> {
  const { fail } = leg.completion.directives;
  const last_error: Run.LastError = {
    code: fail === 'rate_limit_exceeded' || fail === 'invalid_prompt' ? fail : 'server_error',
    message: 'Sorry, something went wrong.',
  };
  yield {
    event: 'thread.run.failed',
    data: { ...run, status: 'failed', failed_at: leg.endedAt, expires_at: null, last_error, usage },
  };
}

import { ProxyError } from '../../errors.ts';
import type { Turn } from '../models/model-call.ts';
import { shorten } from '../params/fail.ts';
import type { ToolOutputsParams } from '../params/run-params.ts';
import type { RunRecord } from '../store/records.ts';
import type { RunStep } from '../wire.ts';
import { announced } from './create-run.ts';
import { follow } from './run-states.ts';

export interface Submitted {
  readonly record: RunRecord;
  /** The step that waited for the outputs, completed by them. */
  readonly step: RunStep;
}

/**
 * The run with the outputs that it waited for, to be carried on by `owner`. Throws `wrong_run_status` if it waits for
 * none, and `wrong_tool_outputs` if these are not exactly those.
 */
export function submitOutputs(
  record: RunRecord,
  { tool_outputs: given }: ToolOutputsParams,
  owner: string,
  nowMs: number,
): Submitted {
  const { run, awaited, ...rest } = record;
  const status = follow(run.status, 'takeOutputs');
  const asked = run.required_action?.submit_tool_outputs.tool_calls;
  if (!status || !asked || !awaited) {
    throw new ProxyError('wrong_run_status', {
      message: `Runs in status "${run.status}" do not accept tool outputs.`,
    });
  }
  const outputs = new Map(given.map(({ tool_call_id: id = '', output = '' }) => [id, output]));
  if (given.length !== asked.length || asked.some(({ id }) => !outputs.has(id))) {
    const expected = named(asked.map(({ id }) => id));
    const got = named(given.map(({ tool_call_id: id = '' }) => shorten(id)));
    throw new ProxyError('wrong_tool_outputs', {
      message: `Expected tool outputs for call_ids ${expected}, got ${got}`,
    });
  }
  const turns = asked.map(({ id: callId }): Turn => ({
    type: 'output',
    callId,
    output: outputs.get(callId)!,
  }));
  const tool_calls = asked.map((call) => ({
    ...call,
    function: { ...call.function, output: outputs.get(call.id)! },
  }));
  const step: RunStep = {
    ...awaited.step,
    status: 'completed',
    completed_at: Math.floor(nowMs / 1000),
    step_details: { type: 'tool_calls', tool_calls },
    usage: awaited.usage,
  };
  return {
    record: {
      ...announced(record),
      ...rest,
      owner,
      turns: [...record.turns, ...turns],
      run: { ...run, status, required_action: null },
    },
    step,
  };
}

/** As OpenAI lists them. */
function named(ids: readonly string[]): string {
  return `[${ids.map((id) => `'${id}'`).join(', ')}]`;
}

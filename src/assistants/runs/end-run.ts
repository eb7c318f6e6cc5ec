import type { ModelEnding } from '../models/model-call.ts';
import type { RunRecord } from '../store/records.ts';
import type { Run, Usage } from '../wire.ts';
import type { LegEnding } from './leg-ending.ts';
import type { Leg } from './leg.ts';
import { type ConductParts, type LiveRun, seconds, tell, tellRun } from './live-run.ts';
import { type RunChange, follow } from './run-states.ts';
import { addUsage, noUsage } from './run-usage.ts';
import { type DocumentPut, RunLost, RunReleased } from './run-writer.ts';
import { type Told, nothing } from './told.ts';

/** The model call has ended, and with it the leg: the run ends too, or waits. */
export async function conclude(
  parts: ConductParts,
  live: LiveRun,
  leg: Leg,
  ending: ModelEnding,
): Promise<void> {
  const { writer } = live;
  // Whoever stopped it has said so in the store before, if it is to be cancelled.
  if (ending.how === 'aborted') await writer.refresh();
  if (live.release.aborted && ending.how === 'aborted') throw new RunReleased();
  const usage = ending.usage ?? noUsage;
  // What the model put out bounds what it wrote; so do the bytes, where it thought besides.
  const tokens = Math.min(usage.completion_tokens || Infinity, Buffer.byteLength(leg.openText()));
  const isCancelled = writer.record.run.status === 'cancelling';
  const how = ending.how === 'aborted' && !isCancelled ? 'expired' : ending.how;
  switch (isCancelled ? 'aborted' : how) {
    case 'completed':
      if (leg.awaited()) return askForOutputs(parts, live, leg, usage, tokens);
      return endLeg({ how: 'completed' }, { change: 'complete', completed_at: now() });
    case 'cut':
      return endLeg({ how: 'cut' }, runOut('max_completion_tokens'));
    case 'failed': {
      const error = ending.error ?? { code: 'server_error', message: 'The model call failed.' };
      return endLeg({ how: 'failed', error }, { change: 'fail', failed_at: now(), last_error: error });
    }
    case 'expired':
      return endLeg({ how: 'expired' }, { change: 'expire' });
    case 'aborted':
      tellRun(live, 'thread.run.cancelling');
      return endLeg({ how: 'cancelled' }, { change: 'stop', cancelled_at: now() });
  }

  function now(): number {
    return seconds(parts.nowMs());
  }

  async function endLeg(legEnding: LegEnding, runEnding: RunEnding): Promise<void> {
    const awaiting = endAwaited(writer.record, legEnding, now());
    const { puts, events } = leg.close(legEnding, usage, tokens);
    const told = { puts: [...awaiting.puts, ...puts], events: [...awaiting.events, ...events] };
    return endAs(parts, live, runEnding, usage, told);
  }
}

/** How a run ends, and which of its fields say so. */
interface RunEnding extends Partial<
  Pick<Run, 'completed_at' | 'failed_at' | 'cancelled_at' | 'last_error' | 'incomplete_details'>
> {
  readonly change: RunChange;
}

export function runOut(reason: 'max_prompt_tokens' | 'max_completion_tokens'): RunEnding {
  return { change: 'runOut', incomplete_details: { reason } };
}

/** A run that was to be cancelled while it ended otherwise is cancelled. */
export async function endAs(
  parts: ConductParts,
  live: LiveRun,
  { change, ...fields }: RunEnding,
  usage = noUsage,
  told: Told = nothing,
): Promise<void> {
  const { writer } = live;
  const isEnded = await writer.save((record) => {
    const status = follow(record.run.status, change);
    const used = addUsage(record.used, usage);
    const { call: _, awaited: __, ...rest } = record;
    const run = { ...record.run, ...fields, required_action: null, expires_at: null, usage: used };
    return status && { ...rest, used, run: { ...run, status } };
  }, told.puts);
  if (!isEnded) {
    // To be cancelled is all that can have happened to it meanwhile.
    if (change === 'stop') throw new RunLost();
    tellRun(live, 'thread.run.cancelling');
    return endAs(parts, live, { change: 'stop', cancelled_at: seconds(parts.nowMs()) }, usage, told);
  }
  tell(live, told.events);
  tellRun(live, `thread.run.${writer.record.run.status}`);
  live.stream?.end();
}

async function askForOutputs(
  parts: ConductParts,
  live: LiveRun,
  leg: Leg,
  usage: Usage,
  tokens: number,
): Promise<void> {
  const { writer } = live;
  const awaited = leg.awaited()!;
  const { puts, events } = leg.close({ how: 'completed' }, usage, tokens);
  const step: DocumentPut = { id: awaited.id, body: JSON.stringify(awaited) };
  const waits = await writer.save(
    (record) => {
      const status = follow(record.run.status, 'askForOutputs');
      if (!status) return undefined;
      const { call: _, ...rest } = record;
      const submit_tool_outputs = { tool_calls: leg.calls() };
      return {
        ...rest,
        turns: [...record.turns, ...leg.turns()],
        used: addUsage(record.used, usage),
        awaited: { step: awaited, usage },
        run: { ...record.run, status, required_action: { type: 'submit_tool_outputs', submit_tool_outputs } },
      };
    },
    [...puts, step],
  );
  if (!waits) {
    tellRun(live, 'thread.run.cancelling');
    const rest = leg.close({ how: 'cancelled' }, usage, tokens);
    const told = { puts: [...puts, ...rest.puts], events: [...events, ...rest.events] };
    return endAs(parts, live, { change: 'stop', cancelled_at: seconds(parts.nowMs()) }, usage, told);
  }
  tell(live, events);
  tellRun(live, 'thread.run.requires_action');
  live.stream?.end();
}

/** The step of a run that ends while it waits. */
function endAwaited({ awaited }: RunRecord, ending: LegEnding, at: number): Told {
  if (!awaited || (ending.how !== 'cancelled' && ending.how !== 'expired')) return nothing;
  const { step, usage } = awaited;
  const ended =
    ending.how === 'cancelled'
      ? { ...step, usage, status: ending.how, cancelled_at: at }
      : { ...step, usage, status: ending.how, expired_at: at };
  return {
    puts: [{ id: step.id, body: JSON.stringify(ended) }],
    events: [{ event: `thread.run.step.${ended.status}`, data: ended }],
  };
}

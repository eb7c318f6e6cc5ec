import { messageIn, stepIn } from '../store/parse-record.ts';
import type { Document } from '../store/store.ts';
import type { Message, RunStep, Usage } from '../wire.ts';
import { type LegEnding, messageEnding, stepEnding } from './leg-ending.ts';
import { noUsage } from './run-usage.ts';
import { type Told, join, nothing } from './told.ts';

/** A step or message that an earlier try to tell of the same call has written. */
export interface BegunDocument {
  readonly id: string;
  /** Undefined if the application has deleted it since. */
  readonly found: Document | undefined;
}

/** Unix seconds; undefined if it was deleted. */
export function createdAtOf({ found }: BegunDocument): number | undefined {
  return (stepIn(found) ?? messageIn(found)?.message)?.created_at;
}

/** Ends those that are open, of which nothing more is to come. The last step has used all of `usage`. */
export function endBegun(begun: readonly BegunDocument[], ending: LegEnding, usage: Usage, at: number): Told {
  const lastStep = begun.findLast(({ found }) => stepIn(found))?.id;
  return begun.reduce((told, { id, found }) => {
    const step = stepIn(found);
    if (step?.status === 'in_progress') return join(told, endStep(step, id === lastStep ? usage : noUsage));
    const record = messageIn(found);
    if (record?.message.status !== 'in_progress') return told;
    const message: Message = { ...record.message, ...messageEnding(ending.how, at) };
    const put = { id, body: JSON.stringify({ ...record, message }), writtenAs: found!.version };
    return join(told, {
      puts: [put],
      events: [{ event: `thread.message.${message.status}`, data: message }],
    });
  }, nothing);

  function endStep(step: RunStep, used: Usage): Told {
    const ended: RunStep = { ...step, usage: used, ...stepEnding(ending, at) };
    return {
      puts: [{ id: ended.id, body: JSON.stringify(ended) }],
      events: [{ event: `thread.run.step.${ended.status}`, data: ended }],
    };
  }
}

/** What is written of a run, and of what it does. */
import { type LockRecord, type MessageRecord, type RunRecord, lists, lockId } from '../store/records.ts';
import type { Put } from '../store/store.ts';
import type { RunStep } from '../wire.ts';
import type { DocumentPut } from './run-writer.ts';

/** Of a new run, which locks its thread. */
export function runPuts(record: RunRecord): Put[] {
  const lock: LockRecord = { runId: record.run.id };
  return [
    { id: record.run.id, body: JSON.stringify(record), lists: [lists.runs] },
    { id: lockId, body: JSON.stringify(lock) },
  ];
}

export function stepPut(step: RunStep): DocumentPut {
  return { id: step.id, body: JSON.stringify(step), lists: [lists.stepsOf(step.run_id)] };
}

/** Messages are written when they begin, and again when they end. */
export function runMessagePut(message: MessageRecord['message'], tokens: number): DocumentPut {
  const record: MessageRecord = { message, tokens };
  return {
    id: message.id,
    body: JSON.stringify(record),
    lists: [lists.messages, lists.messagesOf(message.run_id ?? '')],
    ...(message.status !== 'in_progress' && { writtenAs: 1 }),
  };
}

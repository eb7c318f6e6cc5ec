import type { AssistantRecord, MessageRecord, RunRecord, StepRecord, ThreadRecord } from './records.ts';
import type { Document } from './store.ts';

/** What is in a document. The type is what its writers promise: records.ts says who writes what. */
export function parseRecord<Content>({ body }: Document): Content {
  return JSON.parse(body) as Content;
}

/*
 * A caller may name any document of a partition where a message is asked for: its run, its lock. So whatever is
 * read by an id that came from outside is held against its kind.
 */

export function assistantIn(document: Document | undefined): AssistantRecord | undefined {
  const record = document && parseRecord<Partial<AssistantRecord>>(document);
  return record?.object === 'assistant' ? (record as AssistantRecord) : undefined;
}

export function threadIn(document: Document | undefined): ThreadRecord | undefined {
  const record = document && parseRecord<Partial<ThreadRecord>>(document);
  return record?.thread ? (record as ThreadRecord) : undefined;
}

export function messageIn(document: Document | undefined): MessageRecord | undefined {
  const record = document && parseRecord<Partial<MessageRecord>>(document);
  return record?.message ? (record as MessageRecord) : undefined;
}

export function runIn(document: Document | undefined): RunRecord | undefined {
  const record = document && parseRecord<Partial<RunRecord>>(document);
  return record?.run ? (record as RunRecord) : undefined;
}

export function stepIn(document: Document | undefined): StepRecord | undefined {
  const record = document && parseRecord<Partial<StepRecord>>(document);
  return record?.object === 'thread.run.step' ? (record as StepRecord) : undefined;
}

import type { TokenCounter } from '../../openai/count-tokens.ts';
import { isRecord } from '../../openai/is-record.ts';
import { countMessage } from '../objects/count-message.ts';
import { messagePut } from '../objects/prepare-messages.ts';
import { messageIn, threadIn } from '../store/parse-record.ts';
import { assistantsOf, lists, lockId, threadPartition, type ThreadRecord } from '../store/records.ts';
import type { AssistantStore, Condition, Put } from '../store/store.ts';
import type { Assistant, Message } from '../wire.ts';
import { type MovedThread, toMovedAssistant, toMovedThread } from './entries.ts';

export interface ImportParts {
  readonly store: AssistantStore;
  readonly counter: TokenCounter;
  readonly org: string;
}

export type Kind = 'assistants' | 'threads' | 'messages';

export interface Tally {
  created: number;
  changed: number;
  unchanged: number;
}

export type Tallies = Readonly<Record<Kind, Tally>>;

export function emptyTallies(): Tallies {
  const none = (): Tally => ({ created: 0, changed: 0, unchanged: 0 });
  return { assistants: none(), threads: none(), messages: none() };
}

/**
 * Writes an object of a file to the store, with its id and times, and adds to the tallies what became of it. What is
 * there already is written only if it differs, so that doing it again, or after it was cut short, does no harm.
 * Rejects with a `ProxyError` or an `UnfitEntry` that says why it can't be taken, and with `StoreUnavailable`.
 */
export async function importObject(parts: ImportParts, value: unknown, tallies: Tallies): Promise<void> {
  if (!isRecord(value)) throw new UnfitEntry('it is no JSON object');
  if (value['object'] === 'assistant') return importAssistant(parts, toMovedAssistant(value), tallies);
  if (value['object'] === 'thread') return importThread(parts, toMovedThread(value), tallies);
  throw new UnfitEntry('it is neither an assistant nor a thread');
}

export class UnfitEntry extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'UnfitEntry';
  }
}

async function importAssistant(
  { store, org }: ImportParts,
  assistant: Assistant,
  { assistants }: Tallies,
): Promise<void> {
  const partition = assistantsOf(org);
  const body = JSON.stringify(assistant);
  const [present] = await store.get(partition, [assistant.id]);
  const outcome = outcomeOf(present?.body, body);
  if (outcome !== 'unchanged') {
    await store.commit(partition, { puts: [{ id: assistant.id, body, lists: [lists.assistants] }] });
  }
  assistants[outcome] += 1;
}

async function importThread(
  parts: ImportParts,
  { thread, messages }: MovedThread,
  tallies: Tallies,
): Promise<void> {
  const { store, org } = parts;
  const partition = threadPartition(org, thread.id);
  const [document] = await store.get(partition, [thread.id]);
  const present = threadIn(document);
  const outcome = outcomeOf(present && JSON.stringify(present.thread), JSON.stringify(thread));
  const record: ThreadRecord = { ...present, thread };
  const puts: Put[] = outcome === 'unchanged' ? [] : [{ id: thread.id, body: JSON.stringify(record) }];
  const unlocked: Condition = { id: lockId, is: 'absent' };
  const write = async (written: readonly Put[]) => {
    if (written.length === 0) return;
    const { done } = await store.commit(partition, { conditions: [unlocked], puts: written });
    if (!done) throw new UnfitEntry(`a run is active on ${thread.id}`);
  };
  await write(puts);
  tallies.threads[outcome] += 1;
  for (let from = 0; from < messages.length; from += messagesAtOnce) {
    await importMessages(parts, messages.slice(from, from + messagesAtOnce), write, tallies.messages);
  }
}

async function importMessages(
  { store, counter, org }: ImportParts,
  messages: readonly Message[],
  write: (puts: readonly Put[]) => Promise<void>,
  tally: Tally,
): Promise<void> {
  const partition = threadPartition(org, messages[0]!.thread_id);
  const documents = await store.get(
    partition,
    messages.map(({ id }) => id),
  );
  const outcomes = messages.map((message, index) => {
    const present = messageIn(documents[index]);
    return outcomeOf(present && JSON.stringify(present.message), JSON.stringify(message));
  });
  const written = messages.filter((_, index) => outcomes[index] !== 'unchanged');
  const puts = written.map(async (message): Promise<Put> => {
    const put = messagePut({ message, tokens: await countMessage(counter, message.content) });
    return message.run_id ? { ...put, lists: [lists.messages, lists.messagesOf(message.run_id)] } : put;
  });
  await write(await Promise.all(puts));
  for (const outcome of outcomes) tally[outcome] += 1;
}

function outcomeOf(present: string | undefined, wanted: string): keyof Tally {
  if (present === undefined) return 'created';
  return present === wanted ? 'unchanged' : 'changed';
}

/** A thread may have 100,000 of them. */
const messagesAtOnce = 500;

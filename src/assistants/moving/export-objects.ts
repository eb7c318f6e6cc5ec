import { noSuch } from '../no-such.ts';
import { parseRecord, threadIn } from '../store/parse-record.ts';
import { assistantsOf, lists, type MessageRecord, threadPartition } from '../store/records.ts';
import type { AssistantStore, Document, Partition } from '../store/store.ts';
import type { Assistant, Message } from '../wire.ts';
import { toMovedAssistant, toMovedThread } from './entries.ts';

/** Each of an organisation's assistants as a line of JSON, the oldest first. */
export async function* exportAssistants(store: AssistantStore, org: string): AsyncGenerator<string> {
  for await (const document of documentsOf(store, assistantsOf(org), lists.assistants)) {
    yield lineOf(toMovedAssistant({ ...parseRecord<Assistant>(document) }));
  }
}

/** A thread with its messages as a line of JSON, as `importObject` reads it. Rejects with `no_such_object`. */
export async function exportThread(store: AssistantStore, org: string, threadId: string): Promise<string> {
  const partition = threadPartition(org, threadId);
  const [document] = await store.get(partition, [threadId]);
  const record = threadIn(document);
  if (!record) throw noSuch('thread', threadId);
  const messages: Message[] = [];
  for await (const item of documentsOf(store, partition, lists.messages)) {
    messages.push(parseRecord<MessageRecord>(item).message);
  }
  // As it would be read again, so that moving it a second time changes nothing.
  const moved = toMovedThread({ ...record.thread, messages });
  return lineOf({ ...moved.thread, messages: moved.messages });
}

async function* documentsOf(
  store: AssistantStore,
  partition: Partition,
  list: string,
): AsyncGenerator<Document> {
  let after: string | undefined;
  for (;;) {
    const page = await store.list(partition, list, { limit: 100, order: 'asc', ...(after && { after }) });
    if (!page) throw new Error(`${list} was changed while it was read: export again`);
    yield* page.documents;
    after = page.documents.at(-1)?.id;
    if (!page.hasMore || after === undefined) return;
  }
}

function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

import { setTimeout as delay } from 'node:timers/promises';

import { StoreUnavailable } from '../store-unavailable.ts';
import type { AssistantStore, Document, Partition } from './store.ts';

/** What is in a document. The type is what its writers promise: records.ts says who writes what. */
export function parseRecord<Content>({ body }: Document): Content {
  return JSON.parse(body) as Content;
}

export async function readRecord<Content>(
  store: AssistantStore,
  partition: Partition,
  id: string,
): Promise<Content | undefined> {
  const [document] = await store.get(partition, [id]);
  return document && parseRecord(document);
}

/**
 * Reads a document, and writes what `change` makes of it; again if somebody else wrote in between. Undefined if
 * there is no such document. What `change` throws is passed on, and nothing is written.
 */
export async function modify<Content>(
  store: AssistantStore,
  partition: Partition,
  id: string,
  change: (content: Content) => Content,
  random: () => number = Math.random,
): Promise<Content | undefined> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const [document] = await store.get(partition, [id]);
    if (!document) return undefined;
    const changed = change(parseRecord(document));
    const { done } = await store.commit(partition, {
      conditions: [{ id, is: document.version }],
      puts: [{ id, body: JSON.stringify(changed) }],
    });
    if (done) return changed;
    await delay(random() * Math.min(2 ** attempt, maxDelayMs));
  }
  throw new StoreUnavailable(`one document was written by others ${maxAttempts} times in a row`, {
    mayHaveHappened: false,
  });
}

const maxAttempts = 20;
const maxDelayMs = 50;

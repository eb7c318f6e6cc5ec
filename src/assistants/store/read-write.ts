import { setTimeout as delay } from 'node:timers/promises';

import { StoreUnavailable } from '../../store-unavailable.ts';
import { parseRecord } from './parse-record.ts';
import type { AssistantStore, Partition } from './store.ts';

/**
 * Reads a document, and writes what `change` makes of it; again if somebody else wrote in between. Undefined if
 * there is no such document. What `change` throws is passed on, and nothing is written.
 */
export async function modify<Content>(
  store: AssistantStore,
  partition: Partition,
  id: string,
  change: (content: Content) => Content,
): Promise<Content | undefined> {
  const { changed } = await untilCommitted(async () => {
    const [document] = await store.get(partition, [id]);
    if (!document) return { changed: undefined };
    const content = change(parseRecord(document));
    const { done } = await store.commit(partition, {
      conditions: [{ id, is: document.version }],
      puts: [{ id, body: JSON.stringify(content) }],
    });
    return done ? { changed: content } : undefined;
  });
  return changed;
}

/** Tries until an attempt gives something, which it doesn't if somebody else wrote in between. */
export async function untilCommitted<Result extends object>(
  attempt: () => Promise<Result | undefined>,
  random: () => number = Math.random,
): Promise<Result> {
  for (let tried = 0; tried < maxAttempts; tried++) {
    const result = await attempt();
    if (result) return result;
    await delay(random() * Math.min(2 ** tried, maxDelayMs));
  }
  throw new StoreUnavailable(`others wrote first, ${maxAttempts} times in a row`, { mayHaveHappened: false });
}

const maxAttempts = 20;
const maxDelayMs = 50;

import { setTimeout as sleep } from 'node:timers/promises';

import { isRecord } from '../../openai/is-record.ts';
import type { CallContext } from '../models/model-call.ts';
import type { UpstreamCalls } from '../upstream-calls.ts';

/** Waits until what was added to vector stores can be found, for a minute at most, as OpenAI's runs did. */
export type FilesIndexed = (vectorStoreIds: readonly string[], context: CallContext) => Promise<void>;

const maxWaitMs = 60_000;

export function waitForIndex(calls: UpstreamCalls): FilesIndexed {
  return async (vectorStoreIds, context) => {
    const givesUp = AbortSignal.any([context.signal, AbortSignal.timeout(maxWaitMs)]);
    for (let delayMs = 100; !givesUp.aborted; delayMs = Math.min(2 * delayMs, 2000)) {
      const waiting = await Promise.all(
        vectorStoreIds.map((id) => isIndexing(id, { ...context, signal: givesUp })),
      );
      if (!waiting.includes(true)) return;
      await sleep(delayMs, undefined, { signal: givesUp }).catch(() => {});
    }
  };

  /** A store that can't be asked for is not waited for: the model call will tell what is wrong. */
  async function isIndexing(id: string, context: CallContext): Promise<boolean> {
    const path = `/vector_stores/${encodeURIComponent(id)}`;
    const answer = await calls.json({ method: 'GET', path, ...context }).catch(() => undefined);
    const counts = isRecord(answer?.value) ? answer.value['file_counts'] : undefined;
    return isRecord(counts) && Number(counts['in_progress']) > 0;
  }
}

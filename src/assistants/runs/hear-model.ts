import type { ModelEvent } from '../models/model-call.ts';
import { type RunRecord, threadPartition } from '../store/records.ts';
import type { BegunDocument } from './begun-documents.ts';
import { type Leg, createLeg } from './leg.ts';
import { type ConductParts, type LiveRun, seconds, tell } from './live-run.ts';
import { patiently } from './run-writer.ts';
import { type Told, join } from './told.ts';

export interface Hearing {
  readonly leg: Leg;
  readonly hear: (event: ModelEvent) => void;
  /** Resolves when everything that was heard is written and told. */
  readonly settled: () => Promise<void>;
}

/**
 * Writes and tells what the model says, behind what comes `first`. What is written is told only then; all is told in
 * its order. What comes while something else is being written is written together.
 */
export function hearModel(
  parts: ConductParts,
  live: LiveRun,
  begun: readonly BegunDocument[],
  first?: Promise<unknown>,
): Hearing {
  const { writer, org } = live;
  const leg = createLeg({
    run: writer.record.run,
    newId: parts.newId,
    nowSeconds: () => seconds(parts.nowMs()),
    begun,
    includesSearchContent: writer.record.includesSearchContent,
  });
  let upstreamId: string | undefined;
  let heard: Told | undefined;
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<unknown>) => {
    waiting += 1;
    last = last.then(work).then(() => void (waiting -= 1));
    // `settled` hears of it.
    last.catch(() => {});
  };
  const later = (told: Told) => {
    if (heard) return void (heard = join(heard, told));
    heard = told;
    inTurn(async () => {
      const { puts, events } = heard!;
      heard = undefined;
      const isKnown = writer.record.call?.upstreamId === upstreamId;
      if (puts.length > 0 || !isKnown) await writer.save(withCall(upstreamId, leg.documentIds()), puts);
      tell(live, events);
    });
  };
  if (first) inTurn(() => first);
  return {
    leg,
    hear(event) {
      if (event.type === 'begun') {
        upstreamId = event.upstreamId;
        return later({ puts: [], events: [] });
      }
      if (event.type === 'file') {
        const { fileId, containerId } = event;
        inTurn(() => patiently(() => parts.rememberFile(org, fileId, containerId), live.release));
      }
      if (event.type === 'codeEnded' && event.containerId !== undefined) {
        const { containerId } = event;
        inTurn(() => rememberContainer(parts, live, containerId));
      }
      const told = leg.hear(event);
      if (told.puts.length === 0 && waiting === 0) tell(live, told.events);
      else later(told);
    },
    settled: () => last,
  };
}

/** How far the model call is. */
function withCall(upstreamId: string | undefined, documentIds: readonly string[]) {
  return (record: RunRecord): RunRecord => ({
    ...record,
    call: { ...record.call, ...(upstreamId !== undefined && { upstreamId }), documentIds },
  });
}

async function rememberContainer(parts: ConductParts, live: LiveRun, id: string): Promise<void> {
  const { thread_id: threadId } = live.writer.record.run;
  const partition = threadPartition(live.org, threadId);
  await patiently(async () => {
    const [found] = await parts.store.get(partition, [threadId]);
    if (!found) return;
    const body = JSON.stringify({ ...JSON.parse(found.body), container: { id, usedAtMs: parts.nowMs() } });
    // If the thread was changed meanwhile, the next run takes a new container: no harm.
    await parts.store.commit(partition, {
      conditions: [{ id: threadId, is: found.version }],
      puts: [{ id: threadId, body }],
    });
  }, live.release);
}

import { setTimeout as sleep } from 'node:timers/promises';

import { StoreUnavailable } from '../../store-unavailable.ts';
import { type MessageRecord, type RunRecord, lockId, threadPartition } from '../store/records.ts';
import type { AssistantStore, Condition, Put } from '../store/store.ts';
import { isTerminal } from './run-states.ts';

/** The run is another pod's now, or its thread was deleted: nothing of it may be written any more. */
export class RunLost extends Error {
  constructor() {
    super('the run is carried on elsewhere, or was deleted');
    this.name = 'RunLost';
  }
}

/** This pod has to let go of the run, for others to carry on. */
export class RunReleased extends Error {
  constructor() {
    super('the run is left for others to carry on');
    this.name = 'RunReleased';
  }
}

/** A document to be written with the run. */
export interface DocumentPut extends Put {
  /** Written before as this version: what the application has changed of its metadata meanwhile is kept. */
  readonly writtenAs?: number;
}

/** The only one who writes a run as long as it is this pod's. */
export interface RunWriter {
  /** As it was last written, with what others have changed of it as far as that was noticed. */
  readonly record: RunRecord;
  /**
   * Writes what `change` makes of the record, and the documents with it, in one step, when all earlier writes are
   * done. False, and nothing is written, if `change` returns undefined: it is asked again when others have changed
   * the run. A run that ends gives its thread free. Rejects with `RunLost` or `RunReleased`.
   */
  save(change: Change, puts?: readonly DocumentPut[]): Promise<boolean>;
  /** Reads what others have changed: its metadata, or that it is to be cancelled. Rejects as `save` does. */
  refresh(): Promise<void>;
}

export type Change = (record: RunRecord) => RunRecord | undefined;

export interface RunWriterSettings {
  readonly store: AssistantStore;
  readonly org: string;
  readonly record: RunRecord;
  readonly version: number;
  /** Aborts when the pod gives up the run: a store that is out of reach is not tried any longer. */
  readonly signal: AbortSignal;
}

export function createRunWriter({ store, org, signal, ...first }: RunWriterSettings): RunWriter {
  let { record, version } = first;
  const runId = record.run.id;
  const partition = threadPartition(org, record.run.thread_id);
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };

  async function read(): Promise<string> {
    const [found] = await patiently(() => store.get(partition, [runId]), signal);
    const read = found && (JSON.parse(found.body) as RunRecord);
    if (!read || read.owner !== record.owner) throw new RunLost();
    record = read;
    version = found.version;
    return found.body;
  }

  async function write(change: Change, documents: readonly DocumentPut[]): Promise<boolean> {
    let puts = documents;
    for (let delayMs = firstDelayMs; ;) {
      const next = change(record);
      if (!next) return false;
      const body = JSON.stringify(next);
      try {
        const committed = await store.commit(partition, {
          conditions: [{ id: runId, is: version }, ...puts.flatMap(conditionOf)],
          puts: [{ id: runId, body }, ...puts],
          deletes: isTerminal(next.run.status) ? [lockId] : [],
        });
        if (committed.done) {
          record = next;
          version += 1;
          return true;
        }
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        const before = version;
        // The answer may have been lost, and what was to be written be there.
        if ((await read()) === body && version === before + 1) return true;
        // A store that is full can be read all the same, and perhaps at once.
        await pause(delayMs, signal);
        delayMs = longer(delayMs);
        continue;
      }
      await read();
      puts = await patiently(() => amended(puts), signal);
    }
  }

  /** Documents as they are to be written over what they have become. */
  async function amended(puts: readonly DocumentPut[]): Promise<DocumentPut[]> {
    const found = await store.get(
      partition,
      puts.map(({ id }) => id),
    );
    return puts.flatMap((put, index) => {
      const document = found[index];
      if (put.writtenAs === undefined) return [put];
      // The application has deleted it.
      if (!document) return [];
      return [{ ...put, writtenAs: document.version, body: withMetadataOf(document.body, put.body) }];
    });
  }

  return {
    get record() {
      return record;
    },
    save: (change, puts = []) => inTurn(() => write(change, lastOfEach(puts))),
    refresh: () => inTurn(async () => void (await read())),
  };
}

/** What begins and ends in one step is written once, as it ends. */
function lastOfEach(puts: readonly DocumentPut[]): DocumentPut[] {
  const byId = new Map<string, DocumentPut>();
  for (const { writtenAs, ...put } of puts) {
    const isBegun = byId.has(put.id);
    byId.set(put.id, {
      ...byId.get(put.id),
      ...put,
      ...(!isBegun && writtenAs !== undefined && { writtenAs }),
    });
  }
  return [...byId.values()];
}

function conditionOf({ id, writtenAs }: DocumentPut): Condition[] {
  return writtenAs === undefined ? [] : [{ id, is: writtenAs }];
}

/** Messages are all that applications may change while a run writes them. */
function withMetadataOf(stored: string, body: string): string {
  const { message } = JSON.parse(stored) as MessageRecord;
  const record = JSON.parse(body) as MessageRecord;
  return JSON.stringify({ ...record, message: { ...record.message, metadata: message.metadata } });
}

/** Tries until the store is there again. Rejects with `RunReleased` if the signal says that there is no point. */
export async function patiently<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (let delayMs = firstDelayMs; ; delayMs = longer(delayMs)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
    await pause(delayMs, signal);
  }
}

const firstDelayMs = 50;

function longer(delayMs: number): number {
  return Math.min(2 * delayMs, 1000);
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return sleep(delayMs, undefined, { signal }).catch(() => {
    throw new RunReleased();
  });
}

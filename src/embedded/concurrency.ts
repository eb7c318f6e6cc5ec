import { type ConcurrencyLine, maxQueued, queuePlaceMs } from '../ledger/admission.ts';

/** The places that running calls have in limits for concurrency, and the queues for them. */
export interface Concurrency {
  /** Takes no place yet, but a place in the queue of each limit that is full. */
  ask(call: Call, lines: readonly KeyedLine[], nowMs: number): Answer;
  take(keys: readonly string[], holdId: string, leaseEndMs: number): void;
  leave(keys: readonly string[], holdId: string): void;
  leaveQueues(keys: readonly string[], holdId: string): void;
  /** Forgets what has lapsed. */
  sweep(nowMs: number): void;
}

export interface KeyedLine {
  readonly key: string;
  readonly line: ConcurrencyLine;
}

interface Call {
  readonly holdId: string;
  readonly waitedMs: number;
}

export type Answer =
  | { readonly kind: 'free' }
  | { readonly kind: 'queued'; readonly ahead: number }
  | { readonly kind: 'full'; readonly index: number; readonly isQueueFull: boolean };

interface Limit {
  /** Hold -> when its lease ends. */
  readonly places: Map<string, number>;
  /** Hold -> when it last asked; in the order in which they came. */
  readonly queue: Map<string, number>;
}

/** Queues are for callers that wait in this process, so nothing of them is kept in the file. */
export function createConcurrency(): Concurrency {
  const limits = new Map<string, Limit>();

  function limitOf(key: string): Limit {
    const limit = limits.get(key) ?? { places: new Map(), queue: new Map() };
    limits.set(key, limit);
    return limit;
  }

  function leaveQueues(keys: readonly string[], holdId: string): void {
    for (const key of keys) limits.get(key)?.queue.delete(holdId);
  }

  return {
    ask({ holdId, waitedMs }, lines, nowMs) {
      const full: { limit: Limit; ahead: number }[] = [];
      for (const [index, { key, line }] of lines.entries()) {
        const limit = limitOf(key);
        dropLapsed(limit, nowMs);
        const ahead = countAhead(limit.queue, holdId);
        if (limit.places.size + ahead < line.max) continue;
        const isQueueFull = !limit.queue.has(holdId) && limit.queue.size >= maxQueued;
        const isOutOfTime = waitedMs >= line.waitUpToMs;
        if (isOutOfTime || isQueueFull) {
          return { kind: 'full', index, isQueueFull: isQueueFull && !isOutOfTime };
        }
        full.push({ limit, ahead });
      }
      if (full.length === 0) return { kind: 'free' };
      // A place that the call has already in another queue is kept too; setting a key keeps its position.
      for (const { queue } of lines.map(({ key }) => limitOf(key))) {
        if (queue.has(holdId)) queue.set(holdId, nowMs);
      }
      for (const { limit } of full) limit.queue.set(holdId, nowMs);
      return { kind: 'queued', ahead: Math.max(...full.map(({ ahead }) => ahead)) };
    },
    take(keys, holdId, leaseEndMs) {
      leaveQueues(keys, holdId);
      for (const key of keys) limitOf(key).places.set(holdId, leaseEndMs);
    },
    leave(keys, holdId) {
      for (const key of keys) limits.get(key)?.places.delete(holdId);
    },
    leaveQueues,
    sweep(nowMs) {
      for (const [key, limit] of limits) {
        dropLapsed(limit, nowMs);
        if (limit.places.size + limit.queue.size === 0) limits.delete(key);
      }
    },
  };
}

function dropLapsed({ places, queue }: Limit, nowMs: number): void {
  for (const [holdId, leaseEndMs] of places) if (leaseEndMs <= nowMs) places.delete(holdId);
  // Asked in the future: the clock has stepped back since, and a caller that still waits asks again.
  for (const [holdId, askedAtMs] of queue) {
    if (Math.abs(nowMs - askedAtMs) >= queuePlaceMs) queue.delete(holdId);
  }
}

function countAhead(queue: ReadonlyMap<string, number>, holdId: string): number {
  let ahead = 0;
  for (const each of queue.keys()) {
    if (each === holdId) break;
    ahead += 1;
  }
  return ahead;
}

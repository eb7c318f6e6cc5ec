import { ApiError } from './api-error.ts';
import type { Completion, TokenUsage } from './model.ts';
import { toResponseUsage } from './response-answer.ts';
import { responseEvents, type PacedEvent } from './response-events.ts';
import type { Item, OutputItem, WireResponse } from './response-wire.ts';
import type { Tokens } from './tokens.ts';

/** A response with all that there will be to tell about it; what of it is true already depends on the time. */
export interface ResponseRecord {
  open: WireResponse;
  closed: WireResponse;
  completion: Completion;
  output: OutputItem[];
  input: Item[];
  /** What the next response of the chain starts from. */
  context: Item[];
  /** Set for background responses. */
  schedule?: { createdAtMs: number; startsAtMs: number; endsAtMs: number };
  cancelledAtMs?: number;
}

/** The response as it stands at this time. */
export function responseAt(record: ResponseRecord, nowMs: number): WireResponse {
  const { open, closed, schedule } = record;
  if (record.cancelledAtMs !== undefined) {
    return { ...open, status: 'cancelled', usage: toResponseUsage(usageAt(record, record.cancelledAtMs)) };
  }
  if (!schedule || nowMs >= schedule.endsAtMs) return closed;
  return { ...open, status: nowMs >= schedule.startsAtMs ? 'in_progress' : 'queued' };
}

/** What it has cost until this time: the prompt from its start, the output evenly until its end. */
export function usageAt({ completion, schedule }: ResponseRecord, nowMs: number): TokenUsage {
  const { usage } = completion;
  if (!schedule || nowMs >= schedule.endsAtMs) return usage;
  if (nowMs < schedule.startsAtMs) {
    return { inputTokens: 0, cachedTokens: 0, outputTokens: 0, reasoningTokens: 0 };
  }
  const share = (nowMs - schedule.startsAtMs) / (schedule.endsAtMs - schedule.startsAtMs);
  return {
    ...usage,
    outputTokens: Math.floor(usage.outputTokens * share),
    reasoningTokens: Math.floor(usage.reasoningTokens * share),
  };
}

/** Each event of the stream with the time at which it happens; undefined for those that have happened. */
export function timedEvents(tokens: Tokens, record: ResponseRecord): (PacedEvent & { dueMs: number })[] {
  const { schedule } = record;
  const events = [...responseEvents(tokens, record.open, record.closed, record.output, record.completion)];
  // created and queued come at once, in_progress starts the work, the rest is spread over it.
  const first = record.open.background ? 2 : 1;
  const stepMs = schedule ? (schedule.endsAtMs - schedule.startsAtMs) / (events.length - first - 1) : 0;
  return events.map((event, index) => ({
    ...event,
    dueMs: !schedule || index < first ? 0 : schedule.startsAtMs + (index - first) * stepMs,
  }));
}

/** Keeps the responses created with `store: true`. */
export interface ResponseStore {
  add(record: ResponseRecord): void;
  find(id: string): ResponseRecord;
  has(id: string): boolean;
  delete(id: string): void;
  /** The oldest first. */
  all(): ResponseRecord[];
  /** Any item of any response, by its id. */
  item(id: string): Item | undefined;
}

export function createResponseStore(): ResponseStore {
  const records = new Map<string, ResponseRecord>();
  const items = new Map<string, Item>();
  return {
    add(record) {
      records.set(record.open.id, record);
      for (const item of [...record.input, ...record.output]) items.set(item.id, item);
    },
    find(id) {
      const record = records.get(id);
      if (!record) throw new ApiError(404, `Response with id '${id}' not found.`, { param: 'response_id' });
      return record;
    },
    has: (id) => records.has(id),
    delete: (id) => void records.delete(id),
    all: () => [...records.values()],
    item: (id) => items.get(id),
  };
}

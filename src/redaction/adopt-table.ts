import type { Reply } from '../exchange.ts';
import { type HeldReply, discard, holdReply, holdWhole } from '../hold-reply.ts';
import { isRecord } from '../openai/is-record.ts';
import { createEventSplitter, readData } from '../openai/sse.ts';
import type { OriginalsTable } from './originals-table.ts';

/** Larger answers are not looked into, and what they begin shares no table. */
const maxHeldBytes = 64 * 1024 * 1024;

/**
 * Holds an answer until it tells the id of what it begins, and shares the table with that before the caller learns of
 * it. Rejects with what the table rejects with: then nobody could restore what comes later.
 */
export async function adoptTable(reply: Reply, table: OriginalsTable): Promise<Reply> {
  if (table.begins === undefined || reply.status >= 400) return reply;
  const isStream = String(reply.headers['content-type']).startsWith('text/event-stream');
  const { held, id } = await (isStream ? idInStream(reply, table.begins) : idInJson(reply, table.begins));
  try {
    if (id !== undefined) await table.adopt(id);
    return held.reply;
  } catch (error) {
    discard(held.reply);
    throw error;
  }
}

interface Told {
  readonly held: HeldReply;
  readonly id: string | undefined;
}

type Begun = NonNullable<OriginalsTable['begins']>;

async function idInJson(reply: Reply, begins: Begun): Promise<Told> {
  const held = await holdWhole(reply, maxHeldBytes);
  const value = held.ending === 'ended' ? parse(Buffer.concat(held.chunks)) : undefined;
  return { held, id: idIn(value, begins) };
}

function idInStream(reply: Reply, begins: Begun): Promise<Told> {
  return new Promise((resolve) => {
    const splitter = createEventSplitter();
    holdReply(reply, maxHeldBytes, (held, chunk) => {
      for (const { bytes, isEvent } of chunk ? splitter.push(chunk) : []) {
        const data = isEvent ? readData(bytes) : undefined;
        const id = data && idIn(parse(data), begins);
        if (id !== undefined) return resolve({ held, id });
      }
      if (held.ending !== undefined || held.bytes >= maxHeldBytes) resolve({ held, id: undefined });
    });
  });
}

/** A run tells its thread; the events of a response carry it. */
function idIn(value: unknown, begins: Begun): string | undefined {
  if (!isRecord(value)) return undefined;
  const object = isRecord(value['response']) ? value['response'] : value;
  const id = begins === 'thread' ? (object['thread_id'] ?? object['id']) : object['id'];
  return typeof id === 'string' && id !== '' ? id : undefined;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

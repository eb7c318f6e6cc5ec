import { createEventSplitter, findData, readData, readEvent } from '../../openai/sse.ts';
import type { StreamPart } from '../../openai/sse.ts';
import { type Edit, applyEdits } from '../edits.ts';
import type { Place } from '../json/place.ts';
import { type Channels, type Piece, createChannels } from './channels.ts';
import { type EventText, findEventTexts } from './event-texts.ts';
import type { Settler } from './settle.ts';
import { editWhole } from './text-channel.ts';

export interface EventRewriter {
  /** What may be passed on now, in order. */
  push(chunk: Uint8Array): Buffer[];
  end(): Buffer[];
}

/**
 * Rewrites the texts in a stream of server-sent events, however its writer cut them into deltas. No event is added,
 * dropped or moved: one whose text is not settled yet waits, with all that come after it, for the next delta of its
 * text, or for its end. Then a replacement is written where its piece begins, and the rest of that piece is
 * missing from the deltas that follow. Whole texts read as their deltas do. What doesn't change stays byte for byte,
 * and so does what is no event, or no JSON.
 */
export function createEventRewriter(settler: Settler, place: Place): EventRewriter {
  const splitter = createEventSplitter();
  const channels = createChannels(settler);
  const waiting: Waiting[] = [];
  let waitingBytes = 0;

  function take({ bytes, isEvent }: StreamPart): void {
    waitingBytes += bytes.length;
    const data = isEvent ? readData(bytes) : undefined;
    const event = data && findEventTexts(data, place);
    if (!data || !event) {
      if (data) channels.flush('all');
      waiting.push({ bytes, slots: [] });
      return;
    }
    channels.flush(event.endsBefore);
    const slots = event.texts.map((text) => slotOf(text, channels, settler));
    channels.flush(event.endsAfter);
    waiting.push({ bytes, data, slots: slots.filter((slot) => slot !== undefined) });
    if (waitingBytes > maxWaitingBytes || waiting.length > maxWaiting) channels.flush('all');
  }

  /** Adds what need not wait any longer. */
  function release(released: Buffer[]): void {
    let count = 0;
    for (const { bytes, data, slots } of waiting) {
      const patches: Patch[] = [];
      let isSettled = true;
      for (const { piece, ...slot } of slots) {
        const edits = piece.edits();
        if (!edits) isSettled = false;
        else if (edits.length > 0) patches.push({ ...slot, edits });
      }
      if (!isSettled) break;
      count += 1;
      waitingBytes -= bytes.length;
      released.push(data && patches.length > 0 ? withData(bytes, patch(data, patches)) : bytes);
    }
    waiting.splice(0, count);
  }

  return {
    push(chunk) {
      const released: Buffer[] = [];
      for (const part of splitter.push(chunk)) {
        take(part);
        release(released);
      }
      return inOne(released);
    },
    end() {
      const released: Buffer[] = [];
      for (const part of splitter.end()) take(part);
      channels.flush('all');
      release(released);
      return inOne(released);
    },
  };
}

/** One write is cheaper than one for each event. */
function inOne(pieces: Buffer[]): Buffer[] {
  return pieces.length > 1 ? [Buffer.concat(pieces)] : pieces;
}

/** Beyond these what waits is settled as it stands. */
const maxWaitingBytes = 4_194_304;
const maxWaiting = 16_384;

interface Waiting {
  readonly bytes: Buffer;
  readonly data?: Buffer;
  readonly slots: readonly Slot[];
}

interface Slot {
  readonly from: number;
  readonly end: number;
  readonly text: string;
  readonly piece: Piece;
}

/** Undefined if nothing is to be done. */
function slotOf(
  { from, end, text, channel }: EventText,
  channels: Channels,
  settler: Settler,
): Slot | undefined {
  if (channel) return { from, end, text, piece: channels.add(channel, text) };
  const edits = editWhole(settler, text);
  return edits.length > 0 ? { from, end, text, piece: { edits: () => edits } } : undefined;
}

interface Patch {
  readonly from: number;
  readonly end: number;
  readonly text: string;
  readonly edits: readonly Edit[];
}

function patch(data: Buffer, patches: readonly Patch[]): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { from, end, text, edits } of patches) {
    pieces.push(data.subarray(at, from), Buffer.from(JSON.stringify(applyEdits(text, edits))));
    at = end;
  }
  pieces.push(data.subarray(at));
  return Buffer.concat(pieces);
}

/** The event with other data. */
function withData(bytes: Buffer, data: Buffer): Buffer {
  const place = findData(bytes);
  if (place) return Buffer.concat([bytes.subarray(0, place.from), data, bytes.subarray(place.end)]);
  const { event, id } = readEvent(bytes);
  const fields = event === 'message' ? [] : [`event: ${event}`];
  if (id !== undefined) fields.push(`id: ${id}`);
  for (const line of data.toString('utf8').split('\n')) fields.push(`data: ${line}`);
  return Buffer.from(`${fields.join('\n')}\n\n`);
}

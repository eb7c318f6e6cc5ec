import type { Edit } from '../edits.ts';
import type { ChannelName } from './event-texts.ts';
import type { Settled, Settler } from './settle.ts';
import { type TextChannel, createTextChannel } from './text-channel.ts';

/** A piece of a channel's text, and what becomes of it. */
export interface Piece {
  /** In its order; undefined until all of it is settled. */
  edits(): readonly Edit[] | undefined;
}

/** The texts of a stream that are written piece by piece, and side by side. */
export interface Channels {
  add(channel: ChannelName, text: string): Piece;
  /** Settles all that has come in these groups. */
  flush(groups: readonly string[] | 'all'): void;
}

/**
 * A channel is flushed where another begins in its group, for a writer writes one text after the other, so what it
 * held back would keep the other's events waiting.
 */
export function createChannels(settler: Settler): Channels {
  const groups = new Map<string, Map<string, Channel>>();

  function flushGroup(group: string): void {
    for (const channel of groups.get(group)?.values() ?? []) channel.flush();
  }

  function flush(names: readonly string[] | 'all'): void {
    for (const group of names === 'all' ? groups.keys() : names) flushGroup(group);
  }

  return {
    add({ name, group }, text) {
      let channels = groups.get(group);
      let channel = channels?.get(name);
      if (!channel) {
        flushGroup(group);
        if (groups.size >= maxGroups || (channels?.size ?? 0) >= maxGroups) {
          flush('all');
          groups.clear();
          channels = undefined;
        }
        channel = createChannel(createTextChannel(settler));
        if (!channels) groups.set(group, (channels = new Map()));
        channels.set(name, channel);
      }
      return channel.add(text);
    },
    flush,
  };
}

/** A stream has few. One that pretends to have many begins anew. */
const maxGroups = 256;

interface Channel {
  add(text: string): Piece;
  flush(): void;
}

function createChannel(text: TextChannel): Channel {
  /** Edits that pieces which are not settled yet may need. */
  let edits: Edit[] = [];
  let settledEnd = 0;
  let length = 0;
  let isFlushed = true;

  function take(settled: Settled): void {
    edits.push(...settled.edits);
    settledEnd = settled.end;
  }

  return {
    add(piece) {
      const start = length;
      length += piece.length;
      const end = length;
      if (piece !== '') {
        isFlushed = false;
        take(text.push(piece));
      }
      let own: readonly Edit[] | undefined;
      return {
        edits() {
          if (own || settledEnd < end) return own;
          own = within(edits, start, end);
          // Pieces are asked in their order.
          edits = edits.filter((edit) => edit.end > end);
          return own;
        },
      };
    },
    flush() {
      if (isFlushed) return;
      isFlushed = true;
      take(text.flush());
    },
  };
}

/** The replacement goes where its piece begins; the rest of that is cut out of the pieces that follow. */
function within(edits: readonly Edit[], start: number, end: number): Edit[] {
  const own: Edit[] = [];
  for (const edit of edits) {
    if (edit.end <= start || edit.from >= end) continue;
    own.push({
      from: Math.max(edit.from, start) - start,
      end: Math.min(edit.end, end) - start,
      text: edit.from < start ? '' : edit.text,
    });
  }
  return own;
}

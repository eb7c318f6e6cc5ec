import { isRecord } from '../../../openai/is-record.ts';
import { createTurns } from '../in-turn.ts';
import type { ModelEvent } from '../model-call.ts';
import { type CodeItem, createCodeItem } from './code-item.ts';
import { type FunctionCallItem, createFunctionCallItem } from './function-call-item.ts';
import { type MessageItem, createMessageItem } from './message-item.ts';
import { tellWholeItem } from './whole-items.ts';

export type OpenItem = MessageItem | FunctionCallItem | CodeItem;

/** A response's output while it comes in. Items are known by their index, or by their id where that is missing. */
export interface Output {
  /** The item that a delta adds to; undefined if there is no such item, or it is done. */
  open<Type extends OpenItem['type']>(
    type: Type,
    event: Record<string, unknown>,
  ): Extract<OpenItem, { type: Type }> | undefined;
  /** An item has begun. */
  begin(index: unknown, item: unknown): void;
  /** An item is done: tells what was not told of it yet. */
  finish(index: unknown, item: unknown): void;
  /** The items of a whole response: tells what was not told of them yet. */
  finishAll(items: unknown): void;
  /** The end of the response. What the cap on output has cut stays unended. */
  close(how: 'completed' | 'cut'): void;
}

interface Entry {
  readonly type: unknown;
  readonly id: unknown;
  /** Of those of which something is told before they are done. */
  readonly item: OpenItem | undefined;
  isDone: boolean;
  isEnded: boolean;
}

export function createOutput(tell: (event: ModelEvent) => void): Output {
  const turns = createTurns(tell);
  const entries: Entry[] = [];
  const byIndex = new Map<unknown, Entry>();
  const byId = new Map<unknown, Entry>();
  const callIds = new Set<string>();

  function find(index: unknown, id: unknown): Entry | undefined {
    return (
      (typeof index === 'number' ? byIndex.get(index) : undefined) ?? (isText(id) ? byId.get(id) : undefined)
    );
  }

  function enter(index: unknown, entry: Entry): Entry {
    entries.push(entry);
    if (typeof index === 'number') byIndex.set(index, entry);
    if (isText(entry.id)) byId.set(entry.id, entry);
    return entry;
  }

  /** Undefined for what can't be told in pieces, or not yet. */
  function create(item: Record<string, unknown>): OpenItem | undefined {
    const { type, name, call_id: callId } = item;
    if (type === 'message') return createMessageItem(turns.begin());
    if (type === 'code_interpreter_call') return createCodeItem(turns.begin());
    if (type !== 'function_call' || !isText(name)) return undefined;
    const wanted = isText(callId) ? callId : item['id'];
    return isText(wanted) ? createFunctionCallItem(turns.begin(), callIdOf(wanted), name) : undefined;
  }

  /** Outputs are told apart by the ids of their calls, so each gets one of its own. */
  function callIdOf(wanted: string): string {
    const callId = callIds.has(wanted) ? `${wanted}_${callIds.size}` : wanted;
    callIds.add(callId);
    return callId;
  }

  function begin(index: unknown, item: unknown): Entry | undefined {
    if (!isRecord(item)) return undefined;
    const { type, id } = item;
    const known = find(index, id);
    if (known && !known.isDone && known.type === type) return known;
    const created = create(item);
    return created && enter(index, { type, id, item: created, isDone: false, isEnded: false });
  }

  function complete(entry: Entry, item: Record<string, unknown>): void {
    if (entry.isDone) return;
    entry.isDone = true;
    entry.item?.finish(item);
    if (item['status'] !== 'incomplete' && item['status'] !== 'in_progress') end(entry);
  }

  function tellWhole(index: unknown, item: Record<string, unknown>): void {
    const { type, id } = item;
    if (tellWholeItem(turns.begin, item)) {
      enter(index, { type, id, item: undefined, isDone: true, isEnded: true });
      return;
    }
    const entry = begin(index, item);
    if (entry) complete(entry, item);
  }

  function end(entry: Entry): void {
    if (entry.isEnded) return;
    entry.isEnded = true;
    entry.item?.end();
  }

  return {
    open<Type extends OpenItem['type']>(
      type: Type,
      { output_index: index, item_id: id }: Record<string, unknown>,
    ) {
      const known = find(index, id);
      const isOpen = known !== undefined && !known.isDone;
      // A call can't begin with a delta, as nobody has told its name yet.
      const isUnknown = !isOpen && known?.type !== type && type !== 'function_call';
      const item = isOpen ? known.item : isUnknown ? begin(index, { type, id })?.item : undefined;
      return item?.type === type ? (item as Extract<OpenItem, { type: Type }>) : undefined;
    },
    begin,
    finish(index, item) {
      if (!isRecord(item)) return;
      const known = find(index, item['id']);
      if (!known || known.type !== item['type']) return tellWhole(index, item);
      if (!known.isDone) return complete(known, item);
      if (known.id !== item['id']) tellWhole(index, item);
    },
    finishAll(items) {
      if (!Array.isArray(items)) return;
      for (const [index, item] of (items as readonly unknown[]).entries()) {
        if (!isRecord(item)) continue;
        const { type, id } = item;
        // Some servers give an item another id each time that they tell of it.
        const known = (isText(id) ? byId.get(id) : undefined) ?? byIndex.get(index);
        if (known && known.type === type) complete(known, item);
        else tellWhole(index, item);
      }
    },
    close(how) {
      const last = entries.at(-1);
      for (const entry of entries) {
        if (how === 'completed' || entry !== last) end(entry);
      }
    },
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

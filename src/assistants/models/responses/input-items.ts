import { isRecord } from '../../../openai/is-record.ts';
import type { Turn } from '../model-call.ts';
import { type InputItem, assistantMessage, userMessage } from './input-messages.ts';
import type { UpstreamStore } from './upstream-store.ts';

/**
 * Turns as the input of a response.
 *
 * An upstream that keeps its answers compares reasoning with what it led to, and refuses the one without the other:
 * it gets back the ids of messages and calls. One that forgets would look for those ids in vain, and gets none.
 */
export function toInputItems(turns: readonly Turn[], upstreamStore: UpstreamStore): InputItem[] {
  const isKept = upstreamStore === 'keep';
  const messageIds = isKept ? idsOfMessages(turns) : new Map<Turn, string>();
  const callIds = isKept ? idsOfCalls(turns) : new Map<unknown, unknown>();
  return turns.flatMap((turn): InputItem[] => {
    switch (turn.type) {
      case 'message': {
        if (turn.role === 'user') return userMessage(turn.content);
        const id = messageIds.get(turn);
        const known = id === undefined ? {} : { id, status: 'completed' };
        return assistantMessage(turn.content).map((message) => ({ ...message, ...known }));
      }
      case 'call': {
        const { callId: call_id, name, arguments: args } = turn;
        const id = callIds.get(call_id);
        return [{ type: 'function_call', ...(id !== undefined && { id }), call_id, name, arguments: args }];
      }
      case 'output':
        return [{ type: 'function_call_output', call_id: turn.callId, output: turn.output }];
      case 'carried':
        return isRecord(turn.item) ? carriedItem(turn.item, isKept) : [];
    }
  });
}

/** Items of other types were given out by another adapter, or tell only an id. */
function carriedItem(item: Record<string, unknown>, isKept: boolean): InputItem[] {
  switch (item['type']) {
    case 'reasoning': {
      if (isKept) return [item];
      const { id: _, ...reasoning } = item;
      return reasoning['encrypted_content'] === undefined ? [] : [reasoning];
    }
    case 'file_search_call':
    case 'code_interpreter_call':
      return [item];
    default:
      return [];
  }
}

/** Each message that was said since the run began has carried its id, in the same order: the last are theirs. */
function idsOfMessages(turns: readonly Turn[]): Map<Turn, string> {
  const said = turns.filter((turn) => turn.type === 'message' && turn.role === 'assistant').toReversed();
  const ids = carriedIds(turns, 'message').toReversed();
  return new Map(said.slice(0, ids.length).map((turn, index) => [turn, String(ids[index]!['id'])]));
}

function idsOfCalls(turns: readonly Turn[]): Map<unknown, unknown> {
  return new Map(carriedIds(turns, 'function_call').map((item) => [item['call_id'], item['id']]));
}

function carriedIds(turns: readonly Turn[], type: string): Record<string, unknown>[] {
  return turns.flatMap((turn) =>
    turn.type === 'carried' && isRecord(turn.item) && turn.item['type'] === type ? [turn.item] : [],
  );
}

import type { Speaker } from '../in-turn.ts';
import { remainder } from './remainder.ts';

export interface FunctionCallItem {
  readonly type: 'function_call';
  add(delta: string): void;
  /** Tells what the deltas did not. */
  finish(item: Record<string, unknown>): void;
  end(): void;
}

export function createFunctionCallItem(speaker: Speaker, callId: string, name: string): FunctionCallItem {
  let told = '';
  /** Of the call as the upstream keeps it. */
  let itemId: unknown;
  speaker.tell({ type: 'functionCallBegun', callId, name });

  function add(text: string): void {
    if (text === '') return;
    told += text;
    speaker.tell({ type: 'arguments', callId, text });
  }

  return {
    type: 'function_call',
    add,
    finish(item) {
      add(remainder(told, item['arguments']));
      itemId = item['id'] ?? itemId;
    },
    end() {
      speaker.tell({ type: 'functionCallEnded', callId });
      // An upstream that keeps its answers takes reasoning back only with the very call that it led to.
      if (typeof itemId === 'string') {
        speaker.tell({ type: 'carry', item: { type: 'function_call', id: itemId, call_id: callId } });
      }
      speaker.end();
    },
  };
}

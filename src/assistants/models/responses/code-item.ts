import { isRecord } from '../../../openai/is-record.ts';
import type { CodeOutput } from '../../wire.ts';
import type { Speaker } from '../in-turn.ts';
import { remainder } from './remainder.ts';

/** A call of the code interpreter. */
export interface CodeItem {
  readonly type: 'code_interpreter_call';
  add(delta: string): void;
  /** Tells what the deltas did not. */
  finish(item: Record<string, unknown>): void;
  end(): void;
}

export function createCodeItem(speaker: Speaker): CodeItem {
  let told = '';
  let outputs: CodeOutput[] = [];
  let containerId: string | undefined;
  let carried: Record<string, unknown> | undefined;
  speaker.tell({ type: 'codeBegun' });

  function add(text: string): void {
    if (text === '') return;
    told += text;
    speaker.tell({ type: 'code', text });
  }

  return {
    type: 'code_interpreter_call',
    add,
    finish(item) {
      add(remainder(told, item['code']));
      outputs = readLogs(item['outputs']);
      const { id, status, container_id: container } = item;
      if (typeof container !== 'string') return;
      containerId = container;
      // As input has it; the pictures are left out, whose URLs may hold all their bytes.
      if (typeof id === 'string' && status !== undefined) {
        const given = outputs.length > 0 ? outputs : null;
        carried = {
          type: 'code_interpreter_call',
          id,
          status,
          code: told,
          container_id: container,
          outputs: given,
        };
      }
    },
    end() {
      speaker.tell({ type: 'codeEnded', outputs, containerId });
      if (carried) speaker.tell({ type: 'carry', item: carried });
      speaker.end();
    },
  };
}

/** Pictures are told as URLs, where the Assistants API has the ids of files. */
function readLogs(outputs: unknown): CodeOutput[] {
  if (!Array.isArray(outputs)) return [];
  return (outputs as readonly unknown[]).flatMap((output) =>
    isRecord(output) && output['type'] === 'logs' && typeof output['logs'] === 'string'
      ? [{ type: 'logs', logs: output['logs'] }]
      : [],
  );
}

import type { NewId } from '../ids.ts';
import type { ModelEvent } from '../models/model-call.ts';
import type { StreamEvent, ToolCallDelta } from '../wire-events.ts';
import type { Ranker, RequiredFunctionCall, Run, StepDetails, Tool, ToolCall } from '../wire.ts';

/** A step of tool calls while the model makes them. */
export interface OpenTools {
  hear(event: ToolPiece): StreamEvent[];
  details(): StepDetails;
  /** The functions among them. */
  calls(): RequiredFunctionCall[];
}

export type ToolPiece = Extract<
  ModelEvent,
  { type: 'functionCallBegun' | 'arguments' | 'codeBegun' | 'code' | 'codeEnded' | 'searchEnded' }
>;

export function createOpenTools(stepId: string, { tools }: Pick<Run, 'tools'>, newId: NewId): OpenTools {
  const toolCalls: ToolCall[] = [];

  function hear(event: ToolPiece): StreamEvent[] {
    switch (event.type) {
      case 'functionCallBegun': {
        const called = { name: event.name, arguments: '', output: null };
        return begin({ id: event.callId, type: 'function', function: called });
      }
      case 'arguments': {
        const index = toolCalls.findIndex(({ id }) => id === event.callId);
        const call = toolCalls[index];
        if (call?.type !== 'function') return [];
        call.function.arguments += event.text;
        return tell({ index, type: 'function', function: { arguments: event.text } });
      }
      case 'codeBegun':
        return begin({
          id: newId('call_'),
          type: 'code_interpreter',
          code_interpreter: { input: '', outputs: [] },
        });
      case 'code': {
        const call = toolCalls.at(-1);
        if (call?.type !== 'code_interpreter') return [];
        call.code_interpreter.input += event.text;
        const index = toolCalls.length - 1;
        return tell({ index, type: 'code_interpreter', code_interpreter: { input: event.text } });
      }
      case 'codeEnded': {
        const call = toolCalls.at(-1);
        if (call?.type !== 'code_interpreter' || event.outputs.length === 0) return [];
        call.code_interpreter.outputs = [...event.outputs];
        const outputs = event.outputs.map((output, position) => ({ index: position, ...output }));
        return tell({ index: toolCalls.length - 1, type: 'code_interpreter', code_interpreter: { outputs } });
      }
      case 'searchEnded': {
        const file_search = { ranking_options: rankingOf(tools), results: [...(event.results ?? [])] };
        return begin({ id: newId('call_'), type: 'file_search', file_search });
      }
    }
  }

  function begin(call: ToolCall): StreamEvent[] {
    toolCalls.push(call);
    const index = toolCalls.length - 1;
    switch (call.type) {
      case 'function':
        return tell({ index, ...call, function: { ...call.function } });
      case 'code_interpreter':
        return tell({ index, id: call.id, type: call.type, code_interpreter: { input: '', outputs: [] } });
      case 'file_search':
        // Its results come with the step's end.
        return tell({ index, id: call.id, type: call.type, file_search: {} });
    }
  }

  function tell(delta: ToolCallDelta): StreamEvent[] {
    const step_details = { type: 'tool_calls' as const, tool_calls: [delta] };
    const data = { id: stepId, object: 'thread.run.step.delta' as const, delta: { step_details } };
    return [{ event: 'thread.run.step.delta', data }];
  }

  return {
    hear,
    details: () => ({ type: 'tool_calls', tool_calls: toolCalls }),
    calls: () =>
      toolCalls.flatMap((call) => {
        if (call.type !== 'function') return [];
        const { name, arguments: args } = call.function;
        return [{ id: call.id, type: 'function' as const, function: { name, arguments: args } }];
      }),
  };
}

/** As the tool has it, or as it is by default. */
function rankingOf(tools: readonly Tool[]): { ranker: Ranker; score_threshold: number } {
  const tool = tools.find(({ type }) => type === 'file_search');
  const { ranker = 'auto', score_threshold = 0 } =
    (tool?.type === 'file_search' && tool.file_search?.ranking_options) || {};
  return { ranker: ranker === 'auto' ? 'default_2024_08_21' : ranker, score_threshold };
}

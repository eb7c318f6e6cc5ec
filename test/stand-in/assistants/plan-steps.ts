import type { AssistantStreamEvent } from 'openai/resources/beta/assistants';
import type { Message, MessageContent, MessageContentDelta } from 'openai/resources/beta/threads/messages';
import type { Run } from 'openai/resources/beta/threads/runs/runs';
import type { RunStep, ToolCall, ToolCallDelta } from 'openai/resources/beta/threads/runs/steps';

import { chunkText } from '../chunk-text.ts';
import type { Completion } from '../model.ts';
import type { TextPiece } from '../tokens.ts';
import type { Leg } from './leg.ts';

/** A step at its start. */
function openStep({ run, mint, startedAt }: Leg, details: RunStep['step_details']): RunStep {
  return {
    id: mint.id('step_', 24),
    object: 'thread.run.step',
    created_at: startedAt,
    run_id: run.id,
    assistant_id: run.assistant_id,
    thread_id: run.thread_id,
    type: details.type,
    status: 'in_progress',
    cancelled_at: null,
    completed_at: null,
    expired_at: null,
    failed_at: null,
    last_error: null,
    metadata: null,
    step_details: details,
    usage: null,
  };
}

function* startStep(step: RunStep): Generator<AssistantStreamEvent> {
  yield { event: 'thread.run.step.created', data: step };
  yield { event: 'thread.run.step.in_progress', data: step };
}

export function* messageStep(leg: Leg, run: Run, usage: Run.Usage): Generator<AssistantStreamEvent> {
  const { completion, mint, startedAt, endedAt } = leg;
  const message: Message = {
    id: mint.id('msg_', 24),
    object: 'thread.message',
    created_at: startedAt,
    assistant_id: run.assistant_id,
    thread_id: run.thread_id,
    run_id: run.id,
    status: 'in_progress',
    incomplete_details: null,
    incomplete_at: null,
    completed_at: null,
    role: 'assistant',
    content: [],
    attachments: [],
    metadata: {},
  };
  const message_creation = { message_id: message.id };
  const step = openStep(leg, { type: 'message_creation', message_creation });
  yield* startStep(step);
  yield { event: 'thread.message.created', data: message };
  yield { event: 'thread.message.in_progress', data: message };
  for (const [position, piece] of pieces(leg, completion.text).entries()) {
    const content = [contentDelta(completion, piece.text, position === 0)];
    yield {
      event: 'thread.message.delta',
      data: { id: message.id, object: 'thread.message.delta', delta: { content } },
    };
  }
  const content = [contentOf(leg)];
  if (completion.finish === 'length') {
    yield {
      event: 'thread.message.incomplete',
      data: {
        ...message,
        status: 'incomplete',
        incomplete_details: { reason: 'max_tokens' },
        incomplete_at: endedAt,
        content,
      },
    };
  } else {
    yield {
      event: 'thread.message.completed',
      data: { ...message, status: 'completed', completed_at: endedAt, content },
    };
  }
  yield {
    event: 'thread.run.step.completed',
    data: { ...step, status: 'completed', completed_at: endedAt, usage },
  };
}

function contentDelta(completion: Completion, text: string, first: boolean): MessageContentDelta {
  if (completion.refusal) return { index: 0, type: 'refusal', refusal: text };
  return { index: 0, type: 'text', text: first ? { value: text, annotations: [] } : { value: text } };
}

/** With one citation at the end for each file that was found. */
function contentOf({ completion, hits }: Leg): MessageContent {
  if (completion.refusal) return { type: 'refusal', refusal: completion.text };
  const end = completion.text.length;
  const files = new Set((hits ?? []).map((hit) => hit.fileId));
  return {
    type: 'text',
    text: {
      value: completion.text,
      annotations: [...files].map((file_id) => ({
        type: 'file_citation',
        text: '',
        start_index: end,
        end_index: end,
        file_citation: { file_id },
      })),
    },
  };
}

/** Ends at requires_action, with the step still in progress: it completes with the outputs. */
export function* functionStep(leg: Leg, run: Run): Generator<AssistantStreamEvent> {
  const { completion, mint } = leg;
  const calls = completion.calls.map((called) => ({ ...called, id: mint.id('call_', 24) }));
  const tool_calls: ToolCall[] = calls.map(({ id, name, arguments: args }) => ({
    id,
    type: 'function',
    function: { name, arguments: args, output: null },
  }));
  const step = openStep(leg, { type: 'tool_calls', tool_calls });
  yield* startStep({ ...step, step_details: { type: 'tool_calls', tool_calls: [] } });
  for (const [index, { id, name, arguments: args }] of calls.entries()) {
    const opened = { name, arguments: '', output: null };
    yield stepDelta(step, { index, id, type: 'function', function: opened });
    for (const piece of pieces(leg, args)) {
      yield stepDelta(step, { index, type: 'function', function: { arguments: piece.text } });
    }
  }
  yield {
    event: 'thread.run.requires_action',
    data: {
      ...run,
      status: 'requires_action',
      required_action: {
        type: 'submit_tool_outputs',
        submit_tool_outputs: {
          tool_calls: calls.map(({ id, name, arguments: args }) => ({
            id,
            type: 'function',
            function: { name, arguments: args },
          })),
        },
      },
    },
  };
}

export function* builtInStep(
  leg: Leg,
  run: Run,
  tool_calls: ToolCall[],
  usage: Run.Usage,
): Generator<AssistantStreamEvent> {
  const step = openStep({ ...leg, run }, { type: 'tool_calls', tool_calls });
  yield* startStep({ ...step, step_details: { type: 'tool_calls', tool_calls: [] } });
  for (const [index, call] of tool_calls.entries()) yield stepDelta(step, toDelta(call, index));
  yield {
    event: 'thread.run.step.completed',
    data: { ...step, status: 'completed', completed_at: leg.endedAt, usage },
  };
}

function stepDelta(step: RunStep, delta: ToolCallDelta): AssistantStreamEvent {
  const step_details = { type: 'tool_calls' as const, tool_calls: [delta] };
  return {
    event: 'thread.run.step.delta',
    data: { id: step.id, object: 'thread.run.step.delta', delta: { step_details } },
  };
}

function toDelta(call: ToolCall, index: number): ToolCallDelta {
  if (call.type !== 'code_interpreter') return { index, ...call };
  const { input, outputs } = call.code_interpreter;
  const indexed = outputs.map((output, position) => ({ index: position, ...output }));
  return { ...call, index, code_interpreter: { input, outputs: indexed } };
}

/** The calls of built-in tools that the directives ask for. */
export function builtInCalls({ completion, hits, codeInterpreter, mint }: Leg): ToolCall[] {
  const { code } = completion.directives;
  const calls: ToolCall[] = [];
  if (hits) {
    const results = hits.map(({ fileId, filename, score, text }) => ({
      file_id: fileId,
      file_name: filename,
      score,
      content: [{ type: 'text' as const, text }],
    }));
    calls.push({ id: mint.id('call_', 24), type: 'file_search', file_search: { results } });
  }
  if (codeInterpreter && code !== undefined) {
    const code_interpreter = { input: code, outputs: [{ type: 'logs' as const, logs: 'done\n' }] };
    calls.push({ id: mint.id('call_', 24), type: 'code_interpreter', code_interpreter });
  }
  return calls;
}

/** What the model wrote to call its built-in tools. */
export function toolTokens({ completion, tokens }: Leg, calls: ToolCall[]): number {
  const { search = '', code = '' } = completion.directives;
  return calls.reduce((sum, call) => sum + tokens.count(call.type === 'file_search' ? search : code), 0);
}

function pieces({ tokens, completion }: Leg, text: string): TextPiece[] {
  return chunkText(tokens, text, completion.directives);
}

import type { AssistantStreamEvent } from 'openai/resources/beta/assistants';
import type {
  Annotation,
  Message,
  MessageContent,
  MessageContentDelta,
  TextDelta,
} from 'openai/resources/beta/threads/messages';
import type { Run } from 'openai/resources/beta/threads/runs/runs';
import type { RunStep, ToolCall, ToolCallDelta } from 'openai/resources/beta/threads/runs/steps';

import { chunkText } from '../chunk-text.ts';
import type { Completion } from '../model.ts';
import { isPicture, linkTo } from '../run-code.ts';
import type { TextPiece } from '../tokens.ts';
import { type Leg, usageOf } from './leg.ts';

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
  const content = contentOf(leg);
  for (const delta of closingDeltas(leg, content)) {
    yield {
      event: 'thread.message.delta',
      data: { id: message.id, object: 'thread.message.delta', delta: { content: [delta] } },
    };
  }
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

/**
 * With the marker of a citation at its end for each file that was found, an annotation for each link to a file that was
 * written, and its pictures.
 */
function contentOf({ completion, hits, written }: Leg): MessageContent[] {
  if (completion.refusal) return [{ type: 'refusal', refusal: completion.text }];
  let value = completion.text;
  const annotations = [...new Set((hits ?? []).map((hit) => hit.fileId))].map(
    (file_id, position): Annotation => {
      const text = `【${position}:0†source】`;
      const start_index = value.length;
      value += text;
      return {
        type: 'file_citation',
        text,
        start_index,
        end_index: value.length,
        file_citation: { file_id },
      };
    },
  );
  const pictures = written.filter(({ name }) => isPicture(name));
  for (const { name, fileId } of written) {
    const text = linkTo(name);
    const start_index = value.indexOf(text);
    if (isPicture(name) || start_index === -1) continue;
    const end_index = start_index + text.length;
    annotations.push({ type: 'file_path', text, start_index, end_index, file_path: { file_id: fileId } });
  }
  return [
    { type: 'text', text: { value, annotations } },
    ...pictures.map(({ fileId }) => ({ type: 'image_file' as const, image_file: { file_id: fileId } })),
  ];
}

/** What comes behind all text: one for each citation, then links and pictures as they were written. */
function closingDeltas(
  { written }: Leg,
  [part, ...pictures]: readonly MessageContent[],
): MessageContentDelta[] {
  const annotations = (part?.type === 'text' ? part.text.annotations : []).map((annotation, index) => ({
    index,
    ...annotation,
  }));
  const citations = annotations.filter(({ type }) => type === 'file_citation');
  return [
    ...citations.map((told): MessageContentDelta => textDelta({ value: told.text, annotations: [told] })),
    ...written.flatMap(({ fileId }) => {
      const links = annotations.filter(
        (told) => told.type === 'file_path' && told.file_path.file_id === fileId,
      );
      return [
        ...links.map((told) => textDelta({ annotations: [told] })),
        ...pictures.flatMap((picture, position): MessageContentDelta[] =>
          picture.type === 'image_file' && picture.image_file.file_id === fileId
            ? [{ index: position + 1, ...picture }]
            : [],
        ),
      ];
    }),
  ];
}

function textDelta(text: TextDelta): MessageContentDelta {
  return { index: 0, type: 'text', text };
}

/** Ends at requires_action, with the step still in progress: it completes with the outputs. */
export function* functionStep(leg: Leg, run: Run): Generator<AssistantStreamEvent> {
  const { calls } = yield* callFunctions(leg);
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

/** The model was cut off while it wrote the calls: nobody can make them. */
export function* cutFunctionStep(leg: Leg, usage: Run.Usage): Generator<AssistantStreamEvent> {
  const { step } = yield* callFunctions(leg);
  yield {
    event: 'thread.run.step.completed',
    data: { ...step, status: 'completed', completed_at: leg.endedAt, usage },
  };
}

function* callFunctions(leg: Leg) {
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
    yield stepDelta(step, {
      index,
      id,
      type: 'function',
      function: { name, arguments: '', output: null },
    });
    for (const piece of pieces(leg, args)) {
      yield stepDelta(step, { index, type: 'function', function: { arguments: piece.text } });
    }
  }
  return { calls, step };
}

/** It is a part of the model call whose message follows, and costs nothing of its own. */
export function* builtInStep(leg: Leg, run: Run, tool_calls: ToolCall[]): Generator<AssistantStreamEvent> {
  const step = openStep({ ...leg, run }, { type: 'tool_calls', tool_calls });
  yield* startStep({ ...step, step_details: { type: 'tool_calls', tool_calls: [] } });
  for (const [index, call] of tool_calls.entries()) {
    for (const delta of builtInDeltas(leg, call, index)) yield stepDelta(step, delta);
  }
  yield {
    event: 'thread.run.step.completed',
    data: { ...step, status: 'completed', completed_at: leg.endedAt, usage: usageOf(0, 0) },
  };
}

function stepDelta(step: RunStep, delta: ToolCallDelta): AssistantStreamEvent {
  const step_details = { type: 'tool_calls' as const, tool_calls: [delta] };
  return {
    event: 'thread.run.step.delta',
    data: { id: step.id, object: 'thread.run.step.delta', delta: { step_details } },
  };
}

/** What file_search found is told only when the step is complete. */
function* builtInDeltas(leg: Leg, call: ToolCall, index: number): Generator<ToolCallDelta> {
  const { id } = call;
  if (call.type === 'file_search') yield { index, id, type: 'file_search', file_search: {} };
  if (call.type !== 'code_interpreter') return;
  const { type, code_interpreter } = call;
  yield { index, id, type, code_interpreter: { input: '', outputs: [] } };
  for (const { text } of pieces(leg, code_interpreter.input)) {
    yield { index, type, code_interpreter: { input: text } };
  }
  const outputs = code_interpreter.outputs.map((output, position) => ({ index: position, ...output }));
  yield { index, type, code_interpreter: { outputs } };
}

/** The calls of built-in tools that the directives ask for. */
export function builtInCalls({ hits, ranking, code, mint }: Leg): ToolCall[] {
  const calls: ToolCall[] = [];
  if (hits) {
    const results = hits.map(({ fileId, filename, score, text }) => ({
      file_id: fileId,
      file_name: filename,
      score,
      content: [{ type: 'text' as const, text }],
    }));
    const ranking_options = {
      ranker: 'default_2024_08_21' as const,
      score_threshold: ranking?.score_threshold ?? 0,
    };
    calls.push({ id: mint.id('call_', 24), type: 'file_search', file_search: { ranking_options, results } });
  }
  if (code !== '') {
    const code_interpreter = { input: code, outputs: [{ type: 'logs' as const, logs: 'done\n' }] };
    calls.push({ id: mint.id('call_', 24), type: 'code_interpreter', code_interpreter });
  }
  return calls;
}

function pieces({ tokens, completion }: Leg, text: string): TextPiece[] {
  return chunkText(tokens, text, completion.directives);
}

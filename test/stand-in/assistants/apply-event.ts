import type { AssistantStreamEvent } from 'openai/resources/beta/assistants';
import type {
  Annotation,
  AnnotationDelta,
  Message,
  MessageContent,
  MessageContentDelta,
} from 'openai/resources/beta/threads/messages';
import type { RunStep, ToolCall, ToolCallDelta } from 'openai/resources/beta/threads/runs/steps';

/** What the events of runs have told of steps and messages, by their ids. */
export interface Told {
  readonly steps: Map<string, RunStep>;
  readonly messages: Map<string, Message>;
}

/** Takes in an event: whole objects replace what was there, deltas are added to it. */
export function applyEvent({ steps, messages }: Told, { event, data }: AssistantStreamEvent): void {
  if (event === 'thread.run.step.delta') {
    const step = steps.get(data.id);
    const details = data.delta.step_details;
    if (step && details?.type === 'tool_calls' && step.step_details.type === 'tool_calls') {
      const tool_calls = (details.tool_calls ?? []).reduce(addCall, step.step_details.tool_calls);
      steps.set(step.id, { ...step, step_details: { type: 'tool_calls', tool_calls } });
    }
  } else if (event === 'thread.message.delta') {
    const message = messages.get(data.id);
    const content = (data.delta.content ?? []).reduce(addContent, message?.content ?? []);
    if (message) messages.set(message.id, { ...message, content });
  } else if ('object' in data) {
    if (data.object === 'thread.run.step') steps.set(data.id, data);
    if (data.object === 'thread.message') messages.set(data.id, data);
  }
}

function addContent(content: readonly MessageContent[], delta: MessageContentDelta): MessageContent[] {
  const before = content[delta.index];
  return content.toSpliced(delta.index, 1, extended(before, delta));
}

function extended(before: MessageContent | undefined, delta: MessageContentDelta): MessageContent {
  if (delta.type === 'refusal') {
    const said = before?.type === 'refusal' ? before.refusal : '';
    return { type: 'refusal', refusal: said + (delta.refusal ?? '') };
  }
  if (delta.type === 'image_file') {
    return { type: 'image_file', image_file: { file_id: delta.image_file?.file_id ?? '' } };
  }
  if (delta.type !== 'text') throw new Error(`no run of the stand-in tells ${delta.type}`);
  const text = before?.type === 'text' ? before.text : { value: '', annotations: [] };
  const annotations = (delta.text?.annotations ?? []).map(whole);
  return {
    type: 'text',
    text: {
      value: text.value + (delta.text?.value ?? ''),
      annotations: [...text.annotations, ...annotations],
    },
  };
}

/** They come whole, with their place among the others. */
function whole(annotation: AnnotationDelta): Annotation {
  const { index: _index, ...rest } = annotation;
  return rest as Annotation;
}

function addCall(calls: readonly ToolCall[], delta: ToolCallDelta): ToolCall[] {
  const before = calls[delta.index];
  return calls.toSpliced(delta.index, 1, before ? added(before, delta) : opened(delta));
}

function opened(delta: ToolCallDelta): ToolCall {
  const { id = '' } = delta;
  switch (delta.type) {
    case 'function': {
      const { name = '', arguments: args = '', output = null } = delta.function ?? {};
      return { id, type: 'function', function: { name, arguments: args, output } };
    }
    case 'file_search':
      return { id, type: 'file_search', file_search: {} };
    case 'code_interpreter':
      return { id, type: 'code_interpreter', code_interpreter: { input: '', outputs: [] } };
  }
}

function added(call: ToolCall, delta: ToolCallDelta): ToolCall {
  if (call.type === 'function' && delta.type === 'function') {
    const args = call.function.arguments + (delta.function?.arguments ?? '');
    return { ...call, function: { ...call.function, arguments: args } };
  }
  if (call.type === 'code_interpreter' && delta.type === 'code_interpreter') {
    const { input = '', outputs = [] } = delta.code_interpreter ?? {};
    const logs = outputs.flatMap((output) =>
      output.type === 'logs' ? [{ type: 'logs' as const, logs: output.logs ?? '' }] : [],
    );
    const before = call.code_interpreter;
    return {
      ...call,
      code_interpreter: { input: before.input + input, outputs: [...before.outputs, ...logs] },
    };
  }
  return call;
}

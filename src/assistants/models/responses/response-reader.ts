import { isRecord } from '../../../openai/is-record.ts';
import { failureTold } from '../call-failures.ts';
import type { ModelEnding, ModelEvent } from '../model-call.ts';
import { readEnding } from './ending.ts';
import { createOutput } from './output.ts';

/** Reads a response, as its stream's events or as a whole, and tells what it says. */
export interface ResponseReader {
  /** The data of an event. True as soon as the response has ended: what comes then says nothing. */
  read(data: Buffer): boolean;
  /** A response as JSON, which may still be at work. */
  readWhole(response: unknown): void;
  /** As the upstream told it; undefined if it hasn't. */
  ending(): ModelEnding | undefined;
  upstreamId(): string | undefined;
}

/** Never throws; what is no event of a response is passed over. */
export function createResponseReader(tell: (event: ModelEvent) => void): ResponseReader {
  let hasTold = false;
  let upstreamId: string | undefined;
  let ending: ModelEnding | undefined;
  let isOver = false;
  const output = createOutput((event) => {
    hasTold = true;
    tell(event);
  });

  function identify(response: unknown): void {
    const id = isRecord(response) ? response['id'] : undefined;
    if (upstreamId !== undefined || typeof id !== 'string' || id === '') return;
    upstreamId = id;
    if (!hasTold) tell({ type: 'begun', upstreamId });
  }

  function finish(response: unknown, typeEnd?: string): void {
    identify(response);
    const told = isRecord(response) ? readEnding(response, typeEnd) : undefined;
    if (!told || !isRecord(response)) return;
    isOver = true;
    ending = told;
    output.finishAll(response['output']);
    if (told.how === 'completed' || told.how === 'cut') output.close(told.how);
  }

  function readEvent(event: Record<string, unknown>): void {
    const { type, delta, output_index: index, content_index: part } = event;
    switch (type) {
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        if (typeof delta !== 'string') return;
        output
          .open('message', event)
          ?.add(Number(part ?? 0), type === 'response.refusal.delta' ? 'refusal' : 'text', delta);
        return;
      case 'response.output_text.done':
        output
          .open('message', event)
          ?.finishPart(Number(part ?? 0), { type: 'output_text', text: event['text'] });
        return;
      case 'response.refusal.done':
        output
          .open('message', event)
          ?.finishPart(Number(part ?? 0), { type: 'refusal', refusal: event['refusal'] });
        return;
      case 'response.content_part.done':
        output.open('message', event)?.finishPart(Number(part ?? 0), event['part']);
        return;
      case 'response.output_text.annotation.added':
        output
          .open('message', event)
          ?.annotate(Number(part ?? 0), Number(event['annotation_index'] ?? 0), event['annotation']);
        return;
      case 'response.function_call_arguments.delta':
        if (typeof delta === 'string') output.open('function_call', event)?.add(delta);
        return;
      case 'response.function_call_arguments.done':
        output.open('function_call', event)?.finish({ arguments: event['arguments'] });
        return;
      case 'response.code_interpreter_call_code.delta':
        if (typeof delta === 'string') output.open('code_interpreter_call', event)?.add(delta);
        return;
      case 'response.code_interpreter_call_code.done':
        output.open('code_interpreter_call', event)?.finish({ code: event['code'] });
        return;
      case 'response.output_item.added':
        output.begin(index, event['item']);
        return;
      case 'response.output_item.done':
        output.finish(index, event['item']);
        return;
      case 'response.created':
      case 'response.queued':
        identify(event['response']);
        return;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
        finish(event['response'], type.slice('response.'.length));
        return;
      case 'error':
        // A `response.failed` with its usage may still follow.
        ending ??= {
          how: 'failed',
          usage: undefined,
          error: failureTold(isRecord(event['error']) ? event['error'] : event),
        };
    }
  }

  return {
    read(data) {
      if (isOver || saysNothing(data)) return isOver;
      const event = parse(data);
      if (isRecord(event)) readEvent(event);
      return isOver;
    },
    readWhole: (response) => finish(response),
    ending: () => ending,
    upstreamId: () => upstreamId,
  };
}

/** Those that repeat what others tell, or tell what runs have no place for. Some come in great numbers. */
const silentTypes: ReadonlySet<string> = new Set([
  'response.in_progress',
  'response.content_part.added',
  'response.code_interpreter_call.in_progress',
  'response.code_interpreter_call.interpreting',
  'response.code_interpreter_call.completed',
  'response.file_search_call.in_progress',
  'response.file_search_call.searching',
  'response.file_search_call.completed',
  'response.reasoning_summary_part.added',
  'response.reasoning_summary_part.done',
  'response.reasoning_summary_text.delta',
  'response.reasoning_summary_text.done',
  'response.reasoning_text.delta',
  'response.reasoning_text.done',
  'keepalive',
]);

const typeFirst = Buffer.from('{"type":"');
const maxTypeBytes = 64;

/** Looks at the type where OpenAI writes it, at the very start, so that most of what is of no use isn't parsed. */
function saysNothing(data: Buffer): boolean {
  if (!data.subarray(0, typeFirst.length).equals(typeFirst)) return false;
  const end = data.indexOf('"', typeFirst.length);
  if (end === -1 || end > maxTypeBytes) return false;
  return silentTypes.has(data.toString('latin1', typeFirst.length, end));
}

function parse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    // `[DONE]`, or garbage: the end will show what is missing.
    return undefined;
  }
}

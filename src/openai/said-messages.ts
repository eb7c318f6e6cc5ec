import { isRecord } from './is-record.ts';

/** What was said, as OpenTelemetry's conventions have it (`gen_ai.input.messages`): texts and calls, and no files. */
export interface SaidMessage {
  readonly role: string;
  readonly parts: readonly SaidPart[];
}

type SaidPart =
  | { readonly type: 'text'; readonly content: string }
  | { readonly type: 'tool_call'; readonly id: string; readonly name: string; readonly arguments: string }
  | { readonly type: 'tool_call_response'; readonly id: string; readonly response: string }
  /** What is no text: of which kind it is. */
  | { readonly type: 'other'; readonly kind: string };

/** What a generation asks, in the body of its request. `system`: what stands apart from the conversation. */
export function askedOf(body: unknown): {
  readonly input: SaidMessage[];
  readonly system: string | undefined;
} {
  if (!isRecord(body)) return { input: [], system: undefined };
  const { instructions, input = body['messages'] ?? body['prompt'] } = body;
  return {
    input: typeof input === 'string' ? [textMessage('user', input)] : itemsOf(input),
    system: typeof instructions === 'string' ? instructions : undefined,
  };
}

/** What a generation has answered, in the body of an answer that is no stream. */
export function answeredOf(body: unknown): SaidMessage[] {
  if (!isRecord(body)) return [];
  if (Array.isArray(body['output'])) return itemsOf(body['output']);
  const choices: unknown[] = Array.isArray(body['choices']) ? body['choices'] : [];
  return choices.flatMap((choice) => {
    if (!isRecord(choice)) return [];
    return typeof choice['text'] === 'string'
      ? [textMessage('assistant', choice['text'])]
      : itemsOf([choice['message']]);
  });
}

export function textMessage(role: string, content: string): SaidMessage {
  return { role, parts: [{ type: 'text', content }] };
}

function itemsOf(items: unknown): SaidMessage[] {
  return Array.isArray(items) ? items.filter(isRecord).map(messageOf) : [];
}

function messageOf(item: Record<string, unknown>): SaidMessage {
  switch (item['type']) {
    case 'function_call':
      return { role: 'assistant', parts: [callOf(item['call_id'], item)] };
    case 'function_call_output':
      return { role: 'tool', parts: [responseOf(item['call_id'], item['output'])] };
    case undefined:
    case 'message': {
      const role = text(item['role']);
      const { content, tool_calls: calls } = item;
      if (role === 'tool') return { role, parts: [responseOf(item['tool_call_id'], content)] };
      const called = Array.isArray(calls) ? calls.filter(isRecord) : [];
      return {
        role,
        parts: [
          ...partsOf(content),
          ...called.map((call) => callOf(call['id'], isRecord(call['function']) ? call['function'] : {})),
        ],
      };
    }
    default:
      return { role: 'assistant', parts: [{ type: 'other', kind: text(item['type']) }] };
  }
}

function partsOf(content: unknown): SaidPart[] {
  if (typeof content === 'string') return [{ type: 'text', content }];
  const parts = Array.isArray(content) ? content.filter(isRecord) : [];
  return parts.map((part): SaidPart => {
    const said = part['text'] ?? part['refusal'];
    return typeof said === 'string'
      ? { type: 'text', content: said }
      : { type: 'other', kind: text(part['type']) };
  });
}

function callOf(id: unknown, called: Record<string, unknown>): SaidPart {
  return {
    type: 'tool_call',
    id: text(id),
    name: text(called['name']),
    arguments: text(called['arguments']),
  };
}

function responseOf(id: unknown, output: unknown): SaidPart {
  return { type: 'tool_call_response', id: text(id), response: typeof output === 'string' ? output : '' };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

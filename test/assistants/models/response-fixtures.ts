/** Streams of responses as OpenAI sends them, event by event, and a generator of others. */
import fc from 'fast-check';

export type WireEvent = { readonly type: string } & Record<string, unknown>;
export type WireItem = { readonly type: string; readonly id: string } & Record<string, unknown>;

export const usage = {
  input_tokens: 30,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 12,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 42,
};
export const runUsage = { prompt_tokens: 30, completion_tokens: 12, total_tokens: 42 };

export function response(status: string, output: readonly WireItem[], more: object = {}): object {
  return { id: 'resp_1', object: 'response', model: 'gpt-4o', status, output, usage, ...more };
}

export const created: WireEvent = {
  type: 'response.created',
  response: response('in_progress', [], { usage: null }),
};
export const inProgress: WireEvent = { ...created, type: 'response.in_progress' };

export function completed(...output: readonly WireItem[]): WireEvent {
  return { type: 'response.completed', response: response('completed', output) };
}

export function message(...parts: readonly object[]): WireItem {
  return { type: 'message', id: 'msg_1', status: 'completed', role: 'assistant', content: parts };
}

export function textPart(text: string, annotations: readonly object[] = []) {
  return { type: 'output_text', text, annotations, logprobs: [] };
}

/** The events of one item, its texts in the given pieces. */
export function itemEvents(item: WireItem, output_index: number, pieces = cutByTwo): WireEvent[] {
  const at = { output_index, item_id: item.id };
  const added = { ...item, status: 'in_progress', content: [], arguments: '', code: '', outputs: null };
  return [
    { type: 'response.output_item.added', output_index, item: added },
    ...innerEvents(item, at, pieces),
    { type: 'response.output_item.done', output_index, item },
  ];
}

function innerEvents(item: WireItem, at: object, pieces: typeof cutByTwo): WireEvent[] {
  switch (item.type) {
    case 'message':
      return (item['content'] as Record<string, unknown>[]).flatMap((part, content_index) =>
        partEvents(part, { ...at, content_index }, pieces),
      );
    case 'function_call': {
      const text = String(item['arguments']);
      return [
        ...deltas('response.function_call_arguments.delta', text, at, pieces),
        { type: 'response.function_call_arguments.done', ...at, name: item['name'], arguments: text },
      ];
    }
    case 'code_interpreter_call': {
      const code = String(item['code']);
      return [
        { type: 'response.code_interpreter_call.in_progress', ...at },
        ...deltas('response.code_interpreter_call_code.delta', code, at, pieces),
        { type: 'response.code_interpreter_call_code.done', ...at, code },
        { type: 'response.code_interpreter_call.interpreting', ...at },
        { type: 'response.code_interpreter_call.completed', ...at },
      ];
    }
    case 'file_search_call':
      return ['in_progress', 'searching', 'completed'].map((state) => ({
        type: `response.file_search_call.${state}`,
        ...at,
      }));
    case 'reasoning':
      return [
        { type: 'response.reasoning_summary_part.added', ...at, summary_index: 0, part: {} },
        { type: 'response.reasoning_summary_text.delta', ...at, summary_index: 0, delta: 'Hmm' },
        { type: 'response.reasoning_summary_text.done', ...at, summary_index: 0, text: 'Hmm' },
        { type: 'response.reasoning_summary_part.done', ...at, summary_index: 0, part: {} },
      ];
    default:
      return [];
  }
}

function partEvents(part: Record<string, unknown>, at: object, pieces: typeof cutByTwo): WireEvent[] {
  const isRefusal = part['type'] === 'refusal';
  const name = isRefusal ? 'refusal' : 'output_text';
  const text = String(isRefusal ? part['refusal'] : part['text']);
  const annotations = (part['annotations'] ?? []) as object[];
  return [
    { type: 'response.content_part.added', ...at, part: { type: part['type'], text: '' } },
    ...deltas(`response.${name}.delta`, text, at, pieces),
    ...annotations.map((annotation, annotation_index) => ({
      type: 'response.output_text.annotation.added',
      ...at,
      annotation_index,
      annotation,
    })),
    { type: `response.${name}.done`, ...at, ...(isRefusal ? { refusal: text } : { text, logprobs: [] }) },
    { type: 'response.content_part.done', ...at, part },
  ];
}

function deltas(type: string, text: string, at: object, pieces: typeof cutByTwo): WireEvent[] {
  return pieces(text).map((delta) => ({ type, ...at, delta }));
}

export function cutByTwo(text: string): string[] {
  return text.match(/.{1,2}/gsu) ?? [];
}

export function streamOf(...items: readonly WireItem[]): WireEvent[] {
  return [
    created,
    inProgress,
    ...items.flatMap((item, index) => itemEvents(item, index)),
    completed(...items),
  ];
}

/** As bytes on the wire. */
export function sse(events: readonly WireEvent[]): Buffer {
  return Buffer.from(
    events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
  );
}

export const functionCall: WireItem = {
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_1',
  name: 'get_weather',
  arguments: '{"city":"Rome"}',
  status: 'completed',
};
export const reasoning: WireItem = {
  type: 'reasoning',
  id: 'rs_1',
  summary: [{ type: 'summary_text', text: 'Hmm' }],
  encrypted_content: 'sealed',
  status: 'completed',
};
export const search: WireItem = {
  type: 'file_search_call',
  id: 'fs_1',
  status: 'completed',
  queries: ['dragons'],
  results: [{ file_id: 'file-1', filename: 'dragons.txt', score: 0.9, text: 'They sleep.', attributes: {} }],
};
export const code: WireItem = {
  type: 'code_interpreter_call',
  id: 'ci_1',
  status: 'completed',
  code: 'print(1)',
  container_id: 'cntr_1',
  outputs: [
    { type: 'logs', logs: '1\n' },
    { type: 'image', url: 'data:image/png;base64,AAAA' },
  ],
};

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const citation = fc.record({
  type: fc.constantFrom('file_citation', 'url_citation', 'container_file_citation'),
  file_id: fc.constantFrom('file-1', 'file-2'),
  container_id: fc.constant('cntr_1'),
  filename: fc.constant('a.csv'),
  start_index: fc.nat({ max: 10 }),
  end_index: fc.nat({ max: 25 }),
});
const part = fc.oneof(
  fc
    .record({ text, annotations: fc.array(citation, { maxLength: 2 }) })
    .map((parts) => textPart(parts.text, parts.annotations)),
  text.map((refusal) => ({ type: 'refusal', refusal })),
);

/** The output of a response: items of every kind, with ids of their own. */
export const output: fc.Arbitrary<WireItem[]> = fc
  .array(
    fc.oneof(
      fc.array(part, { maxLength: 3 }).map((parts) => message(...parts)),
      text.map((args) => ({ ...functionCall, arguments: args })),
      text.map((written) => ({ ...code, code: written })),
      fc.constantFrom(search, reasoning),
    ),
    { maxLength: 5 },
  )
  .map((items) =>
    items.map((item, index) => ({
      ...item,
      id: `${item.id}_${index}`,
      ...(item.type === 'function_call' && { call_id: `call_${index}` }),
    })),
  );

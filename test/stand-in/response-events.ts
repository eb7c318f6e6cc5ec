import { chunkText } from './chunk-text.ts';
import type { Completion } from './model.ts';
import type { OutputItem, WireEvent, WireResponse } from './response-wire.ts';
import type { Tokens } from './tokens.ts';

/** An event, the tokens it stands for, and whether a chunk's delay comes after it. */
export interface PacedEvent {
  event: WireEvent;
  tokens: number;
}

/** Everything a response's stream tells, in order. */
export function* responseEvents(
  tokens: Tokens,
  open: WireResponse,
  closed: WireResponse,
  output: readonly OutputItem[],
  completion: Completion,
): Generator<PacedEvent> {
  let sequence = 0;
  const next = (event: Unnumbered, spent = 0): PacedEvent => ({
    event: { ...event, sequence_number: sequence++ },
    tokens: spent,
  });
  yield next({ type: 'response.created', response: open });
  if (open.background) yield next({ type: 'response.queued', response: open });
  yield next({ type: 'response.in_progress', response: { ...open, status: 'in_progress' } });
  if (closed.status !== 'failed') {
    for (const [index, item] of output.entries()) {
      for (const [event, spent] of itemEvents(tokens, item, index, completion)) yield next(event, spent);
    }
  }
  yield next({ type: terminalType(closed), response: closed });
}

function terminalType(closed: WireResponse) {
  if (closed.status === 'failed') return 'response.failed';
  return closed.status === 'incomplete' ? 'response.incomplete' : 'response.completed';
}

type Unnumbered = WithoutNumber<WireEvent>;
type WithoutNumber<E> = E extends WireEvent ? Omit<E, 'sequence_number'> : never;
type Step = [event: Unnumbered, tokens?: number];

function* itemEvents(
  tokens: Tokens,
  item: OutputItem,
  output_index: number,
  completion: Completion,
): Generator<Step> {
  const at = { item_id: item.id, output_index };
  const cut = (text: string) => chunkText(tokens, text, completion.directives);
  switch (item.type) {
    case 'reasoning':
      yield [{ type: 'response.output_item.added', output_index, item }];
      break;
    case 'message':
      yield [
        {
          type: 'response.output_item.added',
          output_index,
          item: { ...item, status: 'in_progress', content: [] },
        },
      ];
      yield* messageEvents(item, at, cut);
      break;
    case 'function_call': {
      const added = { ...item, status: 'in_progress' as const, arguments: '' };
      yield [{ type: 'response.output_item.added', output_index, item: added }, tokens.count(item.name)];
      for (const piece of cut(item.arguments)) {
        yield [{ type: 'response.function_call_arguments.delta', ...at, delta: piece.text }, piece.tokens];
      }
      yield [{ type: 'response.function_call_arguments.done', ...at, arguments: item.arguments }];
      break;
    }
    case 'file_search_call': {
      const added = { ...item, status: 'in_progress' as const, results: null };
      yield [{ type: 'response.output_item.added', output_index, item: added }];
      yield [{ type: 'response.file_search_call.in_progress', ...at }];
      yield [{ type: 'response.file_search_call.searching', ...at }];
      yield [{ type: 'response.file_search_call.completed', ...at }];
      break;
    }
    case 'code_interpreter_call': {
      const code = item.code ?? '';
      const added = { ...item, status: 'in_progress' as const, code: '' };
      yield [{ type: 'response.output_item.added', output_index, item: added }];
      yield [{ type: 'response.code_interpreter_call.in_progress', ...at }];
      for (const piece of cut(code)) {
        yield [{ type: 'response.code_interpreter_call_code.delta', ...at, delta: piece.text }];
      }
      yield [{ type: 'response.code_interpreter_call_code.done', ...at, code }];
      yield [{ type: 'response.code_interpreter_call.interpreting', ...at }];
      yield [{ type: 'response.code_interpreter_call.completed', ...at }];
    }
  }
  yield [{ type: 'response.output_item.done', output_index, item }];
}

function* messageEvents(
  item: Extract<OutputItem, { type: 'message' }>,
  at: { item_id: string; output_index: number },
  cut: (text: string) => { text: string; tokens: number }[],
): Generator<Step> {
  for (const [content_index, part] of item.content.entries()) {
    const here = { ...at, content_index };
    if (part.type === 'refusal') {
      yield [{ type: 'response.content_part.added', ...here, part: { type: 'refusal', refusal: '' } }];
      for (const piece of cut(part.refusal)) {
        yield [{ type: 'response.refusal.delta', ...here, delta: piece.text }, piece.tokens];
      }
      yield [{ type: 'response.refusal.done', ...here, refusal: part.refusal }];
    } else {
      const added = { type: 'output_text' as const, annotations: [], logprobs: [], text: '' };
      yield [{ type: 'response.content_part.added', ...here, part: added }];
      for (const piece of cut(part.text)) {
        yield [
          { type: 'response.output_text.delta', ...here, delta: piece.text, logprobs: [] },
          piece.tokens,
        ];
      }
      for (const [annotation_index, annotation] of part.annotations.entries()) {
        yield [{ type: 'response.output_text.annotation.added', ...here, annotation_index, annotation }];
      }
      yield [{ type: 'response.output_text.done', ...here, text: part.text, logprobs: [] }];
    }
    yield [{ type: 'response.content_part.done', ...here, part }];
  }
}

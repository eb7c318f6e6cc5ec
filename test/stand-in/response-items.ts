import type { EasyInputMessage, ResponseInputItem } from 'openai/resources/responses/responses';

import { invalid } from './api-error.ts';
import type { Mint } from './mint.ts';
import type { PromptMessage } from './model.ts';
import type { InputMessage, Item } from './response-wire.ts';

/** The input of a response or a conversation as items with ids. */
export function toItems(
  input: string | readonly ResponseInputItem[] | null | undefined,
  mint: Mint,
  known: (id: string) => Item | undefined = () => undefined,
): Item[] {
  if (input === null || input === undefined) return [];
  if (typeof input === 'string') return [userMessage(input, mint)];
  if (!Array.isArray(input)) {
    throw invalid('input', "Invalid type for 'input': expected one of a string or array of input items.");
  }
  return input.flatMap((item: ResponseInputItem) => toItem(item, mint, known) ?? []);
}

function userMessage(text: string, mint: Mint): InputMessage {
  return {
    id: mint.id('msg_', 48),
    type: 'message',
    role: 'user',
    status: 'completed',
    content: [{ type: 'input_text', text }],
  };
}

/** Kinds of items that the stand-in has no use for are dropped. */
function toItem(
  item: ResponseInputItem,
  mint: Mint,
  known: (id: string) => Item | undefined,
): Item | undefined {
  switch (item.type) {
    case undefined:
    case 'message':
      return 'role' in item ? toMessage(item, mint) : undefined;
    case 'function_call':
      return { ...item, id: item.id ?? mint.id('fc_', 48), status: item.status ?? 'completed' };
    case 'function_call_output':
      return {
        id: item.id ?? mint.id('fco_', 48),
        type: 'function_call_output',
        status: item.status ?? 'completed',
        call_id: item.call_id ?? '',
        output: typeof item.output === 'string' ? item.output : JSON.stringify(item.output),
      };
    case 'reasoning':
    case 'file_search_call':
    case 'code_interpreter_call':
      return item;
    case 'compaction':
      return { ...item, id: item.id ?? mint.id('cmp_', 48) };
    case 'item_reference':
      return known(item.id);
    default:
      return undefined;
  }
}

type AnyMessage = Extract<ResponseInputItem, { role: EasyInputMessage['role'] }>;

function toMessage(message: AnyMessage, mint: Mint): Item | undefined {
  if (message.type === 'additional_tools') return undefined;
  const id = 'id' in message && message.id ? message.id : mint.id('msg_', 48);
  const { role, content } = message;
  if (role === 'assistant') {
    const text = typeof content === 'string' ? content : content.map(partText).join('');
    const part = { type: 'output_text' as const, text, annotations: [], logprobs: [] };
    return { id, type: 'message', role, status: 'completed', content: [part] };
  }
  if (!['user', 'system', 'developer'].includes(role)) {
    throw invalid(
      'input[0].role',
      `Invalid value: '${String(role)}'. Supported values are: 'assistant', 'system', 'developer', and 'user'.`,
    );
  }
  return {
    id,
    type: 'message',
    role,
    status: 'completed',
    content: typeof content === 'string' ? [{ type: 'input_text', text: content }] : content,
  };
}

/** What the model sees of the items. */
export function toMessages(items: readonly Item[]): PromptMessage[] {
  return items.flatMap((item): PromptMessage[] => {
    switch (item.type) {
      case 'message': {
        const text = item.content.map(partText).join('\n');
        return [{ role: item.role === 'developer' ? 'system' : item.role, text }];
      }
      case 'function_call':
        return [{ role: 'assistant', text: `${item.name}(${item.arguments})` }];
      case 'function_call_output':
        return [{ role: 'tool', text: String(item.output) }];
      case 'compaction':
        return [{ role: 'system', text: Buffer.from(item.encrypted_content, 'base64').toString() }];
      case 'file_search_call':
        return [{ role: 'assistant', text: `file_search(${item.queries.join(' ')})` }];
      case 'code_interpreter_call':
        return [{ role: 'assistant', text: `code_interpreter(${item.code ?? ''})` }];
      default:
        return [];
    }
  });
}

function partText(part: { type: string; text?: string; refusal?: string }): string {
  return part.text ?? part.refusal ?? (part.type === 'input_image' ? '[image]' : `[${part.type}]`);
}

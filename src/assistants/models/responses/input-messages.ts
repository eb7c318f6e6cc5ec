import type { MessageContent } from '../../wire.ts';

/** An item of a request's `input`. */
export type InputItem = Record<string, unknown>;

/** None if nothing of it can be shown to a model. */
export function userMessage(content: readonly MessageContent[]): InputItem[] {
  const parts = content.flatMap((part): object[] => {
    switch (part.type) {
      case 'text':
        return [{ type: 'input_text', text: part.text.value }];
      case 'image_url': {
        const { url, detail = 'auto' } = part.image_url;
        return [{ type: 'input_image', image_url: url, detail }];
      }
      case 'image_file': {
        const { file_id, detail = 'auto' } = part.image_file;
        return [{ type: 'input_image', file_id, detail }];
      }
      case 'refusal':
        return [];
    }
  });
  return parts.length === 0 ? [] : [{ type: 'message', role: 'user', content: parts }];
}

/** Pictures have no place in what an assistant says. */
export function assistantMessage(content: readonly MessageContent[]): InputItem[] {
  const parts = content.flatMap((part): object[] => {
    if (part.type === 'text') return [{ type: 'output_text', text: part.text.value, annotations: [] }];
    return part.type === 'refusal' ? [{ type: 'refusal', refusal: part.refusal }] : [];
  });
  return parts.length === 0 ? [] : [{ type: 'message', role: 'assistant', content: parts }];
}

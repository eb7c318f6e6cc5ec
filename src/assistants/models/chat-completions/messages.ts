import type { MessageContent } from '../../wire.ts';
import type { Turn } from '../model-call.ts';

export type ChatMessage =
  | { role: 'system' | 'user'; content: string | object[] }
  | { role: 'assistant'; content: string | null; tool_calls?: object[] }
  | { role: 'tool'; tool_call_id: string; content: string };

/** Instructions and turns as the messages of a chat. A turn's calls are one message, with what was said before them. */
export function toChatMessages(instructions: string, turns: readonly Turn[]): ChatMessage[] {
  const messages: ChatMessage[] = instructions === '' ? [] : [{ role: 'system', content: instructions }];
  for (const turn of turns) {
    switch (turn.type) {
      case 'message':
        if (turn.role === 'user') messages.push({ role: 'user', content: userContent(turn.content) });
        else messages.push({ role: 'assistant', content: textOf(turn.content) });
        break;
      case 'call': {
        const called = { name: turn.name, arguments: turn.arguments };
        const call = { id: turn.callId, type: 'function', function: called };
        const last = messages.at(-1);
        if (last?.role === 'assistant') last.tool_calls = [...(last.tool_calls ?? []), call];
        else messages.push({ role: 'assistant', content: null, tool_calls: [call] });
        break;
      }
      case 'output':
        messages.push({ role: 'tool', tool_call_id: turn.callId, content: turn.output });
        break;
      case 'carried':
        // Given out by another adapter.
        break;
    }
  }
  return messages;
}

/** Many engines take nothing but a text where there is nothing but text. */
function userContent(content: readonly MessageContent[]): string | object[] {
  if (content.every(({ type }) => type === 'text')) return textOf(content);
  return content.flatMap((part): object[] => {
    if (part.type === 'text') return [{ type: 'text', text: part.text.value }];
    return part.type === 'image_url' ? [part] : [];
  });
}

function textOf(content: readonly MessageContent[]): string {
  return content
    .flatMap((part) => {
      if (part.type === 'text') return [part.text.value];
      return part.type === 'refusal' ? [part.refusal] : [];
    })
    .join('\n');
}

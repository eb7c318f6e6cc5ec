import { isRecord } from '../../../openai/is-record.ts';
import type { FileSearchResult } from '../../wire.ts';
import type { Speaker } from '../in-turn.ts';

/** Items of which nothing is told before they are done. True if this is one. */
export function tellWholeItem(begin: () => Speaker, item: Record<string, unknown>): boolean {
  switch (item['type']) {
    case 'reasoning':
      tellReasoning(begin(), item);
      return true;
    case 'file_search_call':
      tellSearch(begin(), item);
      return true;
    default:
      return false;
  }
}

/** Input takes reasoning by these members, and has been seen to refuse others, such as a status. */
function tellReasoning(speaker: Speaker, item: Record<string, unknown>): void {
  const { id, summary, content, encrypted_content: encrypted } = item;
  speaker.tell({
    type: 'carry',
    item: {
      type: 'reasoning',
      id,
      summary: Array.isArray(summary) ? summary : [],
      ...(Array.isArray(content) && content.length > 0 && { content }),
      ...(typeof encrypted === 'string' && { encrypted_content: encrypted }),
    },
  });
  speaker.end();
}

function tellSearch(speaker: Speaker, item: Record<string, unknown>): void {
  const { id, status, queries, results } = item;
  const found = Array.isArray(results) ? results.filter(isRecord) : undefined;
  speaker.tell({ type: 'searchEnded', results: found?.map(readResult) });
  // Input takes the results as output tells them; without them the model would see only that it searched.
  if (typeof id === 'string' && Array.isArray(queries)) {
    const carried = {
      type: 'file_search_call',
      id,
      status,
      queries,
      ...(found !== undefined && { results: found }),
    };
    speaker.tell({ type: 'carry', item: carried });
  }
  speaker.end();
}

function readResult(result: Record<string, unknown>): FileSearchResult {
  const { file_id: fileId, filename, score, text } = result;
  return {
    file_id: typeof fileId === 'string' ? fileId : '',
    file_name: typeof filename === 'string' ? filename : '',
    score: typeof score === 'number' ? score : 0,
    ...(typeof text === 'string' && { content: [{ type: 'text', text }] }),
  };
}

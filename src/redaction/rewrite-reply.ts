import { type Exchange, type Reply, type Transform, through } from '../exchange.ts';
import { rewriteEvents, rewriteJson, rewriteText } from './answers/rewrite-answer.ts';
import type { Settler } from './answers/settle.ts';
import { placeOf } from './where.ts';

/** An answer with the texts in it rewritten; as it is if it is no text. */
export function rewriteReply({ operation }: Exchange, reply: Reply, settler: Settler): Reply {
  const transform = transformFor(String(reply.headers['content-type'] ?? ''), settler, operation);
  if (!transform) return reply;
  const { 'content-length': _, ...headers } = reply.headers;
  return { ...reply, headers, body: through(reply.body, transform) };
}

/** Undefined for what is no text. */
function transformFor(
  contentType: string,
  settler: Settler,
  operation: Exchange['operation'],
): Transform | undefined {
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase();
  if (type === 'text/event-stream') return rewriteEvents(settler, placeOf(operation));
  if (type === 'application/json' || type.endsWith('+json')) return rewriteJson(settler, placeOf(operation));
  return type.startsWith('text/') ? rewriteText(settler) : undefined;
}

import { ProxyError } from '../errors.ts';
import { type Exchange, type Reply, type Transform, through } from '../exchange.ts';
import { discard, holdWhole } from '../hold-reply.ts';
import type { RedactionMetrics } from '../telemetry/redaction-metrics.ts';
import { rewriteEvents, rewriteJson, rewriteText } from './answers/rewrite-answer.ts';
import type { Settler } from './answers/settle.ts';
import { placeOf } from './where.ts';

/** More than any answer of texts has, and not more than a pod can hold. */
const maxJsonBytes = 64 * 1024 * 1024;

/**
 * An answer with the texts in it rewritten; as it is if it is no text. JSON is held until all of it has come. Rejects
 * with `redaction_failed` if that is too much, and then leaves the upstream.
 */
export async function rewriteReply(
  { operation }: Exchange,
  reply: Reply,
  settler: Settler,
  metrics: Pick<RedactionMetrics, 'failed'>,
  maxBytes = maxJsonBytes,
): Promise<Reply> {
  // Numbers alone, and more of them than of anything else.
  if (operation.name === 'embeddings.create') return reply;
  const place = placeOf(operation);
  const type = String(reply.headers['content-type'] ?? '')
    .split(';', 1)[0]!
    .trim()
    .toLowerCase();
  if (type === 'text/event-stream') return rewritten(reply, rewriteEvents(settler, place));
  if (type === 'application/json' || type.endsWith('+json')) {
    const whole = await holdAll(reply, maxBytes);
    if (whole) return rewritten(whole, rewriteJson(settler, place));
    metrics.failed('answer_size');
    throw new ProxyError('redaction_failed', {
      message: `The answer is larger than ${maxBytes} bytes, which is too much to be looked through. Ask for less at a time.`,
      headers: { 'x-should-retry': 'false' },
      mayHaveRun: true,
    });
  }
  return type.startsWith('text/') ? rewritten(reply, rewriteText(settler)) : reply;
}

/** Undefined if there is more than that, of which nobody wants the rest. */
async function holdAll(reply: Reply, maxBytes: number): Promise<Reply | undefined> {
  const isTold = Number(reply.headers['content-length'] ?? 0) > maxBytes;
  const held = isTold ? undefined : await holdWhole(reply, maxBytes + 1);
  if (held && held.bytes <= maxBytes) return held.reply;
  discard(held?.reply ?? reply);
  return undefined;
}

function rewritten(reply: Reply, transform: Transform): Reply {
  const { 'content-length': _, ...headers } = reply.headers;
  return { ...reply, headers, body: through(reply.body, transform) };
}

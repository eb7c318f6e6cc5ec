import type { Exchange, Reply } from '../exchange.ts';
import { classOf } from '../openai/operation-class.ts';
import type { RedactionMetrics } from '../telemetry/redaction-metrics.ts';
import { settleFindings } from './answers/settle-findings.ts';
import type { CallRedaction } from './call-redaction.ts';
import { type OutputEdit, replaceInOutput } from './replace-findings.ts';
import { rewriteReply } from './rewrite-reply.ts';

interface OutputRedaction extends Omit<CallRedaction, 'table'> {
  readonly metrics: RedactionMetrics;
}

/** Texts that an answer has in common with itself are remembered up to so many, for counting. */
const maxRemembered = 10_000;

/** What a finding may need to see on either side, in UTF-16 units. */
const windowLength = 256;

/**
 * An answer with what a model has put out redacted. Streams tell texts several times, so each original is counted once
 * an answer. Rejects as `rewriteReply`.
 */
export async function redactOutput(exchange: Exchange, reply: Reply, call: OutputRedaction): Promise<Reply> {
  if (!putsOut(exchange)) return reply;
  const counted = new Set<string>();
  const isReplaced = ({ entity, original, mode }: OutputEdit): boolean => {
    const name = `${entity} ${original}`;
    if (!counted.has(name)) {
      if (counted.size < maxRemembered) counted.add(name);
      call.metrics.redacted({ entity, operation: call.operation, mode });
    }
    return mode !== 'observe';
  };
  const find = (text: string) =>
    replaceInOutput(text, call.finder.findNow(text), call).filter(
      ({ original }) => !call.allowed.has(original.toLowerCase()),
    );
  return rewriteReply(exchange, reply, settleFindings(find, windowLength, isReplaced), call.metrics);
}

/** Files are not what a model puts out, and may be of any size; nor is what administrators ask for. */
function putsOut({ operation, query }: Exchange): boolean {
  return classOf(operation, query) !== 'transfer' && !operation.name.startsWith('organization.');
}

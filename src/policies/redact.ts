import { CallerLeft, ProxyError } from '../errors.ts';
import type { Exchange, Identity, Policy, Reply } from '../exchange.ts';
import { adoptTable } from '../redaction/adopt-table.ts';
import { settleOriginals } from '../redaction/answers/settle-originals.ts';
import type { CallRedaction } from '../redaction/call-redaction.ts';
import type { Finder } from '../redaction/finder.ts';
import { hideIdentity } from '../redaction/hide-names.ts';
import type { Modes } from '../redaction/modes.ts';
import type { HideName } from '../redaction/name-digest.ts';
import { readOptOut } from '../redaction/opt-out.ts';
import { tableOf } from '../redaction/originals-table.ts';
import type { AddOwnPlaceholders } from '../redaction/own-placeholders.ts';
import { redactOutput } from '../redaction/redact-output.ts';
import { redactRequest } from '../redaction/redact-request.ts';
import { rewriteReply } from '../redaction/rewrite-reply.ts';
import type { Named, Vault } from '../redaction/vault.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import type { Audit } from '../telemetry/audit.ts';
import type { RedactionMetrics } from '../telemetry/redaction-metrics.ts';
import { timed } from '../telemetry/tracing.ts';
import { auditedCall } from './audited-call.ts';

export interface RedactParts {
  readonly finder: Finder;
  readonly modes: Modes;
  /** Undefined: nothing is pseudonymized. */
  readonly vault: Vault | undefined;
  readonly addOwnPlaceholders: AddOwnPlaceholders;
  readonly hashKey: () => string;
  readonly hideName: HideName;
  /** See `Identity.fits`. */
  readonly fitsOf: (identity: Identity) => readonly string[];
  /** Whether callers may have a call left as it is. */
  readonly optOut: 'allow' | 'deny';
  /** Whether what models put out is looked at, too. */
  readonly outputs: boolean;
  readonly metrics: RedactionMetrics;
  readonly audit: Audit;
}

/**
 * Replaces personal data and secrets in all that a call says, before anything below sees it, keeps it or sends it; and
 * puts back into the answer what was pseudonymized. What can't be looked at or replaced is refused.
 */
export function redact(parts: RedactParts | undefined): Policy {
  if (!parts) return (next) => next;
  return (next) => async (exchange) => {
    const { isOut, allowed } = readOptOut(exchange, parts.optOut);
    if (isOut) {
      parts.metrics.optedOut(exchange.operation.name);
      exchange.record.isOptedOut = true;
      // What is said may leave; who pays stays one, whether they opt out or not.
      const identity = exchange.identity && hideIdentity(exchange.identity, parts);
      exchange.record.identity = identity;
      parts.audit('opted_out', auditedCall(exchange));
      return next({ ...exchange, ...(identity && { identity }), isOptedOut: true });
    }
    const table = parts.vault && tableOf(exchange, parts.vault);
    const call = { ...parts, allowed, table, operation: exchange.operation.name };
    const { redacted, originals } = await timed(exchange.span, 'redact', () => prepare(exchange, call)).catch(
      refuse(parts.metrics),
    );
    const reply = await next(redacted);
    // Who could not be told where the originals are would never have them back.
    const adopted =
      table && (originals.length > 0 || table.begins !== 'response')
        ? await adoptTable(reply, table).catch(refuse(parts.metrics, ranAlready))
        : reply;
    return restore(exchange, adopted, originals, parts.metrics);
  };
}

/** Looks at what models put out, where that is configured, and leaves placeholders as they are. */
export function redactOutputs(parts: RedactParts | undefined): Policy {
  if (!parts?.outputs) return (next) => next;
  return (next) => async (exchange) => {
    const reply = await next(exchange);
    const { isOut, allowed } = readOptOut(exchange, parts.optOut);
    if (isOut) return reply;
    const call = { ...parts, allowed, operation: exchange.operation.name };
    return redactOutput(exchange, reply, call);
  };
}

/** The same as `redact` for a call that a run makes here, of what was kept before it was looked for: nothing is put back. */
export function redactRunCall(parts: RedactParts | undefined): Policy {
  if (!parts) return (next) => next;
  return (next) => async (exchange) => {
    // What a model has said can't be blocked any more, and would end all further runs of its thread.
    const of = (entity: string) => (parts.modes.of(entity) === 'block' ? 'mask' : parts.modes.of(entity));
    const modes = { ...parts.modes, of };
    // Counted when the run was created.
    const { isOut, allowed } = readOptOut(exchange, parts.optOut);
    if (isOut) return next({ ...exchange, isOptedOut: true });
    const call = { ...parts, modes, allowed, table: undefined, operation: exchange.operation.name };
    const redacted = timed(exchange.span, 'redact', () => redactRequest(exchange, call));
    return next(await redacted.catch(refuse(parts.metrics)));
  };
}

interface Prepared {
  readonly redacted: Exchange;
  /** All that the answer may speak of. */
  readonly originals: readonly Named[];
}

/** All that may fail for want of the store does so before anything is sent. */
async function prepare(exchange: Exchange, call: CallRedaction): Promise<Prepared> {
  const redacted = await redactRequest(exchange, call);
  return { redacted, originals: call.table ? await call.table.read() : [] };
}

async function restore(
  exchange: Exchange,
  reply: Reply,
  originals: readonly Named[],
  metrics: RedactionMetrics,
): Promise<Reply> {
  if (originals.length === 0) return reply;
  const byPlaceholder = new Map(originals.map(({ placeholder, original }) => [placeholder, original]));
  return rewriteReply(exchange, reply, settleOriginals(byPlaceholder), metrics);
}

/** Of a call that has been made, which nobody should make again for that. */
const ranAlready = { mayHaveRun: true, headers: { 'x-should-retry': 'false' } };

function refuse(metrics: RedactionMetrics, detail: object = { headers: { 'retry-after': '1' } }) {
  return (error: unknown): never => {
    if (error instanceof ProxyError || error instanceof CallerLeft) throw error;
    const isStore = error instanceof StoreUnavailable;
    metrics.failed(isStore ? 'store' : 'internal');
    // The message of any other may quote what was to be redacted.
    throw new ProxyError('redaction_failed', { ...detail, ...(isStore && { cause: error }) });
  };
}

import { createHmac } from 'node:crypto';

import { CallerLeft, ProxyError } from '../errors.ts';
import {
  type Exchange,
  type Headers,
  type Identity,
  type Policy,
  type Reply,
  type Transform,
  through,
} from '../exchange.ts';
import { classOf } from '../openai/operation-class.ts';
import { unknownOperation } from '../openai/operations.ts';
import { adoptTable } from '../redaction/adopt-table.ts';
import { rewriteEvents, rewriteJson, rewriteText } from '../redaction/answers/rewrite-answer.ts';
import { settleFindings } from '../redaction/answers/settle-findings.ts';
import { settleOriginals } from '../redaction/answers/settle-originals.ts';
import type { Settler } from '../redaction/answers/settle.ts';
import { type Edit, applyEdits } from '../redaction/edits.ts';
import type { Finder } from '../redaction/finder.ts';
import { findTexts } from '../redaction/json/find-texts.ts';
import { isToken } from '../redaction/json/place.ts';
import type { Modes } from '../redaction/modes.ts';
import { readOptOut } from '../redaction/opt-out.ts';
import { tableOf } from '../redaction/originals-table.ts';
import type { AddOwnPlaceholders } from '../redaction/own-placeholders.ts';
import { maskFor } from '../redaction/placeholders.ts';
import { redactQuery } from '../redaction/redact-query.ts';
import { type Found, type Replacing, replaceAll, replaceInOutput } from '../redaction/replace-findings.ts';
import { failClosed } from '../redaction/uploads/fail-closed.ts';
import { redactUpload } from '../redaction/uploads/redact-upload.ts';
import { type UploadRedaction, redactText } from '../redaction/uploads/upload-redaction.ts';
import type { Named, Vault } from '../redaction/vault.ts';
import { placeOf } from '../redaction/where.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import type { RedactionMetrics } from '../telemetry/redaction-metrics.ts';

export interface RedactParts {
  readonly finder: Finder;
  readonly modes: Modes;
  /** Undefined: nothing is pseudonymized. */
  readonly vault: Vault | undefined;
  readonly addOwnPlaceholders: AddOwnPlaceholders;
  readonly hashKey: () => string;
  /** Whether callers may have a call left as it is. */
  readonly optOut: 'allow' | 'deny';
  /** Whether what models put out is looked at, too. */
  readonly outputs: boolean;
  readonly metrics: RedactionMetrics;
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
      return next(exchange);
    }
    const table = parts.vault && tableOf(exchange, parts.vault);
    const call = { ...parts, allowed, table, operation: exchange.operation.name };
    const { redacted, originals } = await prepare(exchange, call).catch(refuse(parts.metrics));
    const reply = await next(redacted);
    // Who could not be told where the originals are would never have them back.
    const adopted =
      table && (originals.length > 0 || table.begins !== 'response')
        ? await adoptTable(reply, table).catch(refuse(parts.metrics, ranAlready))
        : reply;
    return rewriteAnswer(exchange, adopted, originals, call);
  };
}

/** The same for a call that a run makes here, of what was kept before it was looked for: nothing is put back. */
export function redactRunCall(parts: RedactParts | undefined): Policy {
  if (!parts) return (next) => next;
  return (next) => async (exchange) => {
    // What a model has said can't be blocked any more, and would end all further runs of its thread.
    const of = (entity: string) => (parts.modes.of(entity) === 'block' ? 'mask' : parts.modes.of(entity));
    const modes = { ...parts.modes, of };
    const call = { ...parts, modes, allowed: nothing, table: undefined, operation: exchange.operation.name };
    return next(await redactRequest(exchange, call).catch(refuse(parts.metrics)));
  };
}

const nothing: ReadonlySet<string> = new Set();

interface Call extends RedactParts, Replacing {
  /** What the caller says is none, in lower case. */
  readonly allowed: ReadonlySet<string>;
  readonly metrics: RedactionMetrics;
}

interface Prepared {
  readonly redacted: Exchange;
  /** All that the answer may speak of. */
  readonly originals: readonly Named[];
}

/** All that may fail for want of the store does so before anything is sent. */
async function prepare(exchange: Exchange, call: Call): Promise<Prepared> {
  const redacted = await redactRequest(exchange, call);
  return { redacted, originals: call.table ? await call.table.read() : [] };
}

async function redactRequest(exchange: Exchange, call: Call): Promise<Exchange> {
  const { identity } = exchange;
  refuseInPath(exchange.path, call);
  const headers = hideInHeaders(exchange.headers, call);
  const identified = identity
    ? { ...exchange, headers, identity: hideIdentity(identity, call), matchedAs: identity }
    : { ...exchange, headers };
  const asked = { ...identified, query: redactQuery(exchange.query, (text) => maskText(text, call)) };
  const { body } = asked;
  if (body.kind === 'unread') return redactUpload(asked, failClosed(uploadRedaction(call)));
  if (body.kind !== 'json') return asked;
  const bytes = await redactJson(body.bytes, asked, call);
  if (!bytes) return asked;
  return { ...asked, body: { kind: 'json', bytes, value: JSON.parse(bytes.toString('utf8')) as unknown } };
}

/** Undefined if there is nothing to replace. */
async function redactJson(bytes: Buffer, { operation }: Exchange, call: Call): Promise<Buffer | undefined> {
  const { texts, patch } = findTexts(bytes, placeOf(operation));
  const findings = await call.finder.findAll(texts.map(({ text }) => text));
  const found = texts.map(({ text, key }, index): Found => {
    const own = findings[index]!.filter(({ from, end }) => !isAllowed(text.slice(from, end), call));
    const plain = { text, where: placeName(key), findings: own };
    // Nothing is restored without a table, so nothing could be mistaken.
    return call.table ? call.addOwnPlaceholders(plain) : plain;
  });
  if (found.every((each) => each.findings.length === 0)) return undefined;
  return patch(await replaceAll(found, call));
}

function isAllowed(text: string, { allowed }: Call): boolean {
  return allowed.size > 0 && allowed.has(text.toLowerCase());
}

/** Names of the API's own members; a caller's may be anybody's. */
function placeName(key: string): string {
  return /^[a-z_]{1,40}$/.test(key) ? key : '';
}

/** What is asked for by a query is masked: it is for nobody to restore. */
function maskText(text: string, { finder, modes }: Call): string {
  const edits = finder
    .findNow(text)
    .filter(({ entity }) => modes.of(entity) !== 'observe')
    .map(({ entity, from, end }): Edit => ({ from, end, text: maskFor(entity) }));
  return applyEdits(text, edits);
}

/** Who pays is told in scopes, logs and the store: a name that is personal data stands there by a digest. */
function hideIdentity({ org, team, app, user }: Identity, call: Call): Identity {
  return { org, team: hideName(team, call), app: hideName(app, call), user: hideName(user, call) };
}

function hideName(name: string, call: Call): string {
  if (name === '' || maskText(name, call) === name) return name;
  const key = call.hashKey() || 'assistant-proxy';
  return `hidden-${createHmac('sha256', key).update(name).digest('hex').slice(0, 16)}`;
}

/** Those that the caller's HTTP client writes, and those that never leave. */
const plainHeaders: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-type',
  'content-length',
  'authorization',
  'api-key',
  'user-agent',
  'accept',
  'transfer-encoding',
]);

/** Answers must come as plain bytes, or nothing could be put back into them. */
function hideInHeaders(headers: Headers, call: Call): Headers {
  const hide = (value: string) => hideName(value, call);
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (name === 'accept-encoding') return [name, undefined];
      if (value === undefined || plainHeaders.has(name) || name.startsWith('x-stainless-'))
        return [name, value];
      return [name, typeof value === 'string' ? hide(value) : value.map(hide)];
    }),
  );
}

/** An id that is masked would name something else. */
function refuseInPath(path: string, call: Call): void {
  const isClean = (segment: string) => isToken(segment) || maskText(segment, call) === segment;
  if (decodeURIComponent(path).split('/').every(isClean)) return;
  throw new ProxyError('pii_blocked', {
    message: 'The path of the request holds personal data or a secret, which must not leave.',
    headers: { 'x-should-retry': 'false' },
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function uploadRedaction(call: Call): UploadRedaction {
  // Files are read by many threads, so there is no table that could restore them.
  const ofFile = { ...call, table: undefined };
  return {
    find: async (text) => (await call.finder.findAll([text]))[0]!,
    async replace(found, where) {
      const texts = found.map(({ entity, original }): Found => {
        const findings = [{ entity, from: 0, end: original.length, score: 1 }];
        return { text: original, where, findings };
      });
      const edits = await replaceAll(texts, ofFile);
      return edits.map(([edit], index) => edit?.text ?? found[index]!.original);
    },
    async redactJson(json, where) {
      if (!isJson(json)) return redactText(json, where, this);
      const bytes = Buffer.from(json);
      const { texts, patch } = findTexts(bytes, placeOf(unknownOperation));
      const findings = await call.finder.findAll(texts.map(({ text }) => text));
      const found = texts.map(({ text }, index): Found => ({ text, where, findings: findings[index]! }));
      return patch(await replaceAll(found, ofFile))?.toString('utf8') ?? json;
    },
  };
}

/** Puts originals back, and looks at what the model has put out before that. */
function rewriteAnswer(exchange: Exchange, reply: Reply, originals: readonly Named[], call: Call): Reply {
  const settlers: Settler[] = [];
  // Files are not what a model puts out, and may be of any size.
  if (call.outputs && classOf(exchange.operation, exchange.query) !== 'transfer') {
    settlers.push(settleFindings((text) => replaceInOutput(text, call.finder.findNow(text), call)));
  }
  if (originals.length > 0) {
    settlers.push(settleOriginals(new Map(originals.map((each) => [each.placeholder, each.original]))));
  }
  return settlers.reduce((rewritten, settler) => rewrite(exchange, rewritten, settler), reply);
}

function rewrite({ operation }: Exchange, reply: Reply, settler: Settler): Reply {
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

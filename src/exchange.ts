/**
 * The vocabulary every policy shares. A request is an `Exchange`; a policy wraps a `Handler`; a `Reply`
 * streams first and settles later.
 */
import type { Readable } from 'node:stream';

import type { ToldError } from './openai/error-body.ts';
import type { Operation } from './openai/operations.ts';
import type { Observed } from './openai/read-usage.ts';
import type { Span } from './telemetry/tracing.ts';

/** Header names in lower case. A list means that the header was sent several times. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** One call on its way from the application to the upstream. */
export interface Exchange {
  /** Answered to the caller as `x-assistant-proxy-request-id`, and on every log line. */
  readonly id: string;
  readonly method: string;
  readonly operation: Operation;
  /** Below the API's prefix, undecoded, starting with a slash: `/chat/completions`. */
  readonly path: string;
  /** Undecoded, with its question mark; empty if there was none. */
  readonly query: string;
  /** Named in an Azure-style path: `/openai/deployments/{deployment}/...`. */
  readonly deployment: string | undefined;
  readonly headers: Headers;
  readonly body: RequestBody;
  /** What the key that the caller was let in with is called; absent where everybody is let in. */
  readonly caller?: string;
  /** Absent until `identify` has found out. */
  readonly identity?: Identity;
  /** Of a run that makes this call, whose caller may have opted out of redaction by it; absent in other calls. */
  readonly runMetadata?: Metadata | undefined;
  /** Aborted when the caller went away, or when the time for the call is over. */
  readonly signal: AbortSignal;
  /** Absent until `timeOut` has looked. */
  readonly timing?: Timing;
  /** Of the trace that it is a part of, as W3C writes it; absent if there is none. */
  readonly traceId?: string;
  /** When those who collect that trace keep it; absent if they don't, or if that hangs on other calls. */
  readonly traceIsKept?: 'always' | 'ifFailed';
  /** The same object in all copies of the exchange. */
  readonly record: CallRecord;
  /** What it is a part of, for those who tell how long they took; absent where traces are off. */
  readonly span?: Span;
  /** Its caller wants it left as it is, so nobody is to read it but the upstream. */
  readonly isOptedOut?: true;
  /** How often it was sent before; absent the first time. */
  readonly resends?: number;
}

/**
 * What policies find out about a call on its way, for whoever tells of it when it has ended: its log line, its
 * measures. It goes with the exchange and not with the reply, since a refusal has none. Nothing in it decides
 * anything, and nothing in it is content.
 */
export interface CallRecord {
  /** How far it has come: see `CallStage`. */
  stage: CallStage;
  /** As it may be told: hidden where redaction hides. */
  identity: Identity | undefined;
  /** The model that is asked for; empty until it is known, and for a call that names none. */
  model: string;
  decision: BudgetDecision;
  /** The budget or limit that refused, or that would have if it were enforced. */
  rule: string | undefined;
  ruleKind: RuleKind | undefined;
  /** In the queue of a limit. */
  limitWaitMs: number;
  /** For a place among the calls to the upstream. */
  queueWaitMs: number;
  /** For what the upstream says is left of its own limits. */
  paceWaitMs: number;
  /** Between attempts. */
  retryWaitMs: number;
  /** With the upstream: of each attempt from its sending until the end of its answer. */
  upstreamMs: number;
  /** For whatever it was, each moment once: what is left of the whole is what the sidecar added. */
  waitedMs: number;
  /** How much is waited for now. */
  waits: number;
  /** On `performance.now()`'s clock. */
  waitingSinceMs: number;
  /** Answered with what an earlier call with its Idempotency-Key was answered. */
  isReplayed: boolean;
  /** The caller had it left as it is. */
  isOptedOut: boolean;
}

/**
 * `none`: nothing matched it. `observed`: a budget that isn't enforced would have refused it; such a `rule` may stand
 * beside `clamped`, too. `unheld`: let through while the store was out of reach.
 */
export type BudgetDecision = 'none' | 'allowed' | 'clamped' | 'observed' | 'unheld' | 'denied';

/**
 * `reading`: its body arrives, or is looked through. `waiting`: for a store, a budget, a limit, a queue or another
 * attempt. `sent`: an upstream has it. `answering`: its answer flows.
 */
export type CallStage = 'reading' | 'waiting' | 'sent' | 'answering';

export type RuleKind = 'budget' | 'rate' | 'concurrency';

export function newCallRecord(): CallRecord {
  return {
    stage: 'reading',
    identity: undefined,
    model: '',
    decision: 'none',
    rule: undefined,
    ruleKind: undefined,
    limitWaitMs: 0,
    queueWaitMs: 0,
    paceWaitMs: 0,
    retryWaitMs: 0,
    upstreamMs: 0,
    waitedMs: 0,
    waits: 0,
    waitingSinceMs: 0,
    isReplayed: false,
    isOptedOut: false,
  };
}

/** The call waits for somebody else: to be followed by `endWait`. Waits may overlap. */
export function beginWait(record: CallRecord): void {
  if (record.waits === 0) record.waitingSinceMs = performance.now();
  record.waits += 1;
}

export function endWait(record: CallRecord): void {
  record.waits -= 1;
  if (record.waits === 0) record.waitedMs += performance.now() - record.waitingSinceMs;
}

/** As callers give it to what they create. */
export type Metadata = Readonly<Record<string, string>>;

export interface Timing {
  /** When the answer must have begun, on the clock's `nowMs`; Infinity if nobody says. */
  readonly beginsByMs: number;
  /** How long the upstream may take until its answer begins. */
  readonly firstByteMs: number;
  /** How long it may pause in the middle of it. */
  readonly idleMs: number;
}

/** Whose call it is, as far as it is known: an empty text means that it isn't. */
export interface Identity {
  readonly org: string;
  readonly team: string;
  readonly app: string;
  readonly user: string;
  /**
   * Where a name is hidden that is personal data: digests of the patterns of rules that the names fit. Absent where all
   * are as they are.
   */
  readonly fits?: readonly string[];
}

/**
 * What the caller sent. `json` was read whole and parsed once; `unread` is still on the wire, and flows
 * through untouched. A policy that changes a JSON body hands on a new exchange with both the bytes and the
 * value changed.
 */
export type RequestBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly bytes: Buffer; readonly value: unknown }
  | { readonly kind: 'unread'; readonly source: UnreadBody };

/** Either method may be called, once. Both reject or fail with `request_timeout` or `CallerLeft`. */
export interface UnreadBody {
  /** Rejects with `body_too_large` as soon as it is known. */
  collect(maxBytes: number): Promise<Buffer>;
  /** With backpressure: what is not read here is not read from the caller. */
  open(): Readable;
}

/** Where the bytes of a body go: the caller's socket, or a transform in front of it. */
export interface Sink {
  /** False asks the source to pause until `Flow.resume`; the chunk itself was taken. */
  write(chunk: Uint8Array): boolean;
  end(): void;
  /** The rest will never come. What was written stays written; the caller must see a cut. */
  fail(error: Error): void;
}

/** The handle on a body that flows. */
export interface Flow {
  resume(): void;
  /** Nobody wants the rest: what is on its way is let go by for a moment, and then it is cut. */
  leave(): void;
}

/**
 * A body that has not begun to flow. Calling it starts the flow, and works once. The flow ends by itself when
 * the exchange's signal aborts.
 *
 * Only the edge lets it flow to the caller, after the whole pipeline has returned. So a policy that holds a `Reply`
 * holds one of which the caller has seen nothing, and a retry after the first byte can't be written down. Who has
 * to look at its beginning holds that back: see `hold-reply.ts`.
 */
export type Body = (sink: Sink) => Flow;

/** What a transform does to a body: `redact`, `hide the usage chunk`, `count`. */
export type Transform = (sink: Sink) => Sink;

export function through(body: Body, transform: Transform): Body {
  return (sink) => body(transform(sink));
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
  /** The error that a stream with a status of success tells as the first thing. */
  readonly toldError?: ToldError;
  /**
   * Resolves, and never rejects, when the body has ended one way or another: one that nobody has let flow, when its
   * caller has left.
   */
  readonly finished: Promise<Outcome>;
}

/** What truly happened, known only at the end, and what the answer said of itself. */
export interface Outcome extends Observed {
  /** `complete`: the upstream ended it. `aborted`: the caller left. `cut`: the upstream broke off. */
  readonly ending: 'complete' | 'aborted' | 'cut';
  readonly error?: Error;
  /** Bytes of the answer's body as the upstream sent it. */
  readonly bodyBytes: number;
  /** On `performance.now()`'s clock; absent if no byte of the body came. */
  readonly firstByteAtMs?: number;
  /** On the same clock; absent if it was when this is told. */
  readonly endedAtMs?: number;
  /** Of an answer with an error status: the upstream may have run the call all the same, and bill it. */
  readonly mayHaveRun?: boolean;
  /** How often the call was sent, if more than once. */
  readonly attempts?: number;
  /** The fallback that answered; absent if the primary upstream did. */
  readonly fallback?: string;
}

/** Rejects with a `ProxyError` if there is no answer to pass on. */
export type Handler = (exchange: Exchange) => Promise<Reply>;

export type Policy = (next: Handler) => Handler;

/** The first policy is the outermost. */
export function compose(policies: readonly Policy[], innermost: Handler): Handler {
  return policies.reduceRight((next, policy) => policy(next), innermost);
}

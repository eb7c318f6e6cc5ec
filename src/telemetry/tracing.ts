/**
 * What policies and runs see of traces: a span that each hands on to what it calls. There is none where traces are
 * off, so that a `?.` is all that they cost. These are types alone; `opentelemetry/` implements them.
 */

/** Begins spans that have no parent in this process. */
export interface Tracing {
  begin(name: string, beginning: Beginning): Span;
}

export interface Beginning {
  readonly kind: SpanKind;
  /** The `traceparent` of what asked for it, here or elsewhere. */
  readonly parent?: string | undefined;
  /** The `traceparent` of another thing that led to it. */
  readonly link?: string | undefined;
  readonly attributes: Attributes;
}

/** `server`: somebody calls. `client`: the sidecar calls. */
export type SpanKind = 'server' | 'client' | 'internal';

/** Names are those of OpenTelemetry's conventions, or begin with `assistant_proxy.`; what is undefined is left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Something that takes its time. Never throws, and never waits for anything. */
export interface Span {
  readonly traceId: string;
  /** Whether its trace is kept, however it ends. */
  readonly isSampled: boolean;
  /** Tells others of it, in the W3C's words. */
  readonly traceparent: string;
  child(name: string, kind: SpanKind, attributes: Attributes): Span;
  /** Tells of a part of it that has just ended, unless that took no time. `startedAtMs`: of `performance.now()`. */
  took(name: string, startedAtMs: number, failure?: string): void;
  set(attributes: Attributes): void;
  /** @param traceparent of something that belongs to it, in this trace or in another one. */
  link(traceparent: string): void;
  /**
   * It went wrong: what `begin` began is kept then, whatever its sampling says.
   *
   * @param type a code or a status, never a message, which may quote anything.
   * @param whose an error of the caller's is no error of ours.
   */
  fail(type: string, whose?: 'ours' | 'callers'): void;
  /** @param atMs of `performance.now()`; now, unless told. */
  end(atMs?: number): void;
}

/** As they come from an application, go to an upstream, and are kept with a run. */
export interface TraceHeaders {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** What a call that the sidecar makes by itself is a part of. */
export interface CallTrace {
  readonly headers: TraceHeaders;
  readonly span: Span | undefined;
}

/** What `work` takes is told as a part of `span`, if there is one. */
export function timed<Result>(
  span: Span | undefined,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  return span ? timedIn(span, name, work) : work();
}

async function timedIn<Result>(span: Span, name: string, work: () => Promise<Result>): Promise<Result> {
  const startedAtMs = performance.now();
  try {
    const result = await work();
    span.took(name, startedAtMs);
    return result;
  } catch (error) {
    span.took(name, startedAtMs, failureType(error));
    throw error;
  }
}

/** The code of an error from the table, or the name of its class: messages may quote anything. */
export function failureType(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

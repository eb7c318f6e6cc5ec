import { writeTraceparent } from '../telemetry/trace-context.ts';
import type { Attributes, Span, SpanKind } from '../telemetry/tracing.ts';

/** What a span says when it has ended. Times are those of `performance.now()`. */
export interface EndedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined if it has none. */
  readonly parentId: string | undefined;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** In the order in which they were said: later ones win. */
  readonly said: readonly Attributes[];
  /** The `traceparent` of each. */
  readonly links: readonly string[];
  /** Its failure is one of ours. */
  readonly isError: boolean;
}

/** All spans below one that was begun. */
export interface Beginning {
  readonly traceId: string;
  readonly isSampled: boolean;
  newSpanId(): string;
  /** One of them has ended. */
  take(span: EndedSpan): void;
  /** The one that was begun has ended, and is the last. */
  end(span: EndedSpan, hasFailed: boolean): void;
}

/** What takes less is not worth a span. */
const tellFromMs = 1;
const nothing: readonly never[] = [];

/**
 * A span that costs little more than what is said to it, since most are never sent: what it is to OpenTelemetry is made
 * of it then.
 */
export class TracedSpan implements Span, EndedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly parentId: string | undefined;
  readonly startedAtMs: number;
  endedAtMs = 0;
  readonly said: Attributes[];
  links: readonly string[] = nothing;
  isError = false;
  readonly #beginning: Beginning;
  readonly #isFirst: boolean;
  #spanId: string | undefined;
  #hasFailed = false;

  constructor(
    beginning: Beginning,
    named: { readonly name: string; readonly kind: SpanKind; readonly attributes: Attributes },
    parentId: string | undefined,
    isFirst: boolean,
    startedAtMs = performance.now(),
  ) {
    this.name = named.name;
    this.kind = named.kind;
    this.said = [named.attributes];
    this.parentId = parentId;
    this.startedAtMs = startedAtMs;
    this.#beginning = beginning;
    this.#isFirst = isFirst;
  }

  get traceId(): string {
    return this.#beginning.traceId;
  }

  get isSampled(): boolean {
    return this.#beginning.isSampled;
  }

  get spanId(): string {
    return (this.#spanId ??= this.#beginning.newSpanId());
  }

  get traceparent(): string {
    return writeTraceparent(this);
  }

  child(name: string, kind: SpanKind, attributes: Attributes): Span {
    return new TracedSpan(this.#beginning, { name, kind, attributes }, this.spanId, false);
  }

  took(name: string, startedAtMs: number, failure?: string): void {
    if (performance.now() - startedAtMs < tellFromMs) return;
    const named = { name, kind: 'internal', attributes: {} } as const;
    const part = new TracedSpan(this.#beginning, named, this.spanId, false, startedAtMs);
    if (failure !== undefined) part.fail(failure);
    part.end();
  }

  set(attributes: Attributes): void {
    this.said.push(attributes);
  }

  link(traceparent: string): void {
    this.links = [...this.links, traceparent];
  }

  fail(type: string, whose: 'ours' | 'callers' = 'ours'): void {
    this.#hasFailed = true;
    this.isError ||= whose === 'ours';
    this.said.push({ 'error.type': type });
  }

  end(atMs = performance.now()): void {
    if (this.endedAtMs !== 0) return;
    this.endedAtMs = atMs;
    if (this.#isFirst) this.#beginning.end(this, this.#hasFailed);
    else this.#beginning.take(this);
  }
}

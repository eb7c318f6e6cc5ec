import {
  type Context,
  type Span as ApiSpan,
  type SpanContext,
  ROOT_CONTEXT,
  SpanKind as ApiSpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

import { readTraceparent, writeTraceparent } from '../telemetry/trace-context.ts';
import type { Attributes, Beginning, Span, SpanKind } from '../telemetry/tracing.ts';

/** Spans that the sampler did not choose, until it is known whether what they belong to has failed. */
export interface HeldSpans {
  send(span: ReadableSpan): void;
  /** False if there is no room, and it is dropped. */
  hold(): boolean;
  release(spans: number): void;
  readonly dropped: (spans: number) => void;
}

/** Together; of one beginning fewer. A span takes about a kilobyte. */
const maxHeld = 4096;
const maxHeldOfOne = 128;

export function createHeldSpans(
  send: (span: ReadableSpan) => void,
  dropped: (spans: number) => void,
): HeldSpans {
  let held = 0;
  return {
    send,
    hold() {
      if (held >= maxHeld) return false;
      held += 1;
      return true;
    },
    release(spans) {
      held -= spans;
    },
    dropped,
  };
}

interface Parts {
  readonly tracer: Tracer;
  readonly held: HeldSpans;
}

export function beginSpan({ tracer, held }: Parts, name: string, beginning: Beginning): Span {
  const { kind, parent, link, attributes } = beginning;
  const caller = contextOf(parent);
  const linked = contextOf(link);
  const span = tracer.startSpan(
    name,
    {
      kind: kinds[kind],
      attributes: wellFormed(attributes),
      ...(linked && { links: [{ context: linked }] }),
    },
    caller ? trace.setSpanContext(ROOT_CONTEXT, { ...caller, isRemote: true }) : ROOT_CONTEXT,
  );
  const isSampled = (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
  return new TracedSpan(span, new Beginner(held, isSampled), tracer);
}

const kinds: Readonly<Record<SpanKind, ApiSpanKind>> = {
  server: ApiSpanKind.SERVER,
  client: ApiSpanKind.CLIENT,
  internal: ApiSpanKind.INTERNAL,
};

function contextOf(traceparent: string | undefined): SpanContext | undefined {
  const context = readTraceparent(traceparent);
  return (
    context && {
      traceId: context.traceId,
      spanId: context.spanId,
      traceFlags: context.isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    }
  );
}

/** All spans below one that was begun: sent as they end, or held until it is known whether they are wanted. */
class Beginner {
  readonly #spans: HeldSpans;
  #isSent: boolean;
  #isOver = false;
  #waiting: ReadableSpan[] = [];
  #missed = 0;

  constructor(spans: HeldSpans, isSampled: boolean) {
    this.#spans = spans;
    this.#isSent = isSampled;
  }

  take(span: ReadableSpan): void {
    if (this.#isSent) return this.#send(span);
    if (this.#isOver) return;
    if (this.#waiting.length < maxHeldOfOne && this.#spans.hold()) this.#waiting.push(span);
    else this.#missed += 1;
  }

  /** @param span the one that was begun. */
  end(span: ReadableSpan, hasFailed: boolean): void {
    const waiting = this.#waiting;
    this.#isOver = true;
    this.#isSent ||= hasFailed;
    this.#waiting = [];
    this.#spans.release(waiting.length);
    if (!this.#isSent) return;
    if (this.#missed > 0) this.#spans.dropped(this.#missed);
    for (const each of waiting) this.#send(each);
    this.#send(span);
  }

  #send(span: ReadableSpan): void {
    // Exporters leave out what says of itself that it isn't sampled.
    span.spanContext().traceFlags |= TraceFlags.SAMPLED;
    this.#spans.send(span);
  }
}

class TracedSpan implements Span {
  readonly #span: ApiSpan;
  readonly #beginner: Beginner;
  readonly #tracer: Tracer;
  readonly #isFirst: boolean;
  #context: Context | undefined;
  #hasFailed = false;
  readonly traceId: string;
  readonly traceparent: string;

  constructor(span: ApiSpan, beginner: Beginner, tracer: Tracer, isFirst = true) {
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.#span = span;
    this.#beginner = beginner;
    this.#tracer = tracer;
    this.#isFirst = isFirst;
    this.traceId = traceId;
    this.traceparent = writeTraceparent({
      traceId,
      spanId,
      isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0,
    });
  }

  child(name: string, kind: SpanKind, attributes: Attributes): Span {
    const span = this.#start(name, { kind: kinds[kind], attributes: wellFormed(attributes) });
    return new TracedSpan(span, this.#beginner, this.#tracer, false);
  }

  took(name: string, startedAtMs: number, failure?: string): void {
    const endedAtMs = performance.now();
    if (endedAtMs - startedAtMs < tellFromMs) return;
    const span = this.#start(name, { startTime: startedAtMs });
    if (failure !== undefined) failSpan(span, failure, true);
    span.end(endedAtMs);
    this.#beginner.take(asReadable(span));
  }

  set(attributes: Attributes): void {
    this.#span.setAttributes(wellFormed(attributes));
  }

  link(traceparent: string): void {
    const context = contextOf(traceparent);
    if (context) this.#span.addLink({ context });
  }

  fail(type: string, whose: 'ours' | 'callers' = 'ours'): void {
    this.#hasFailed = true;
    failSpan(this.#span, type, whose === 'ours');
  }

  end(): void {
    if (!this.#span.isRecording()) return;
    this.#span.end();
    const ended = asReadable(this.#span);
    if (this.#isFirst) this.#beginner.end(ended, this.#hasFailed);
    else this.#beginner.take(ended);
  }

  #start(name: string, options: Parameters<Tracer['startSpan']>[1]): ApiSpan {
    this.#context ??= trace.setSpan(ROOT_CONTEXT, this.#span);
    return this.#tracer.startSpan(name, options, this.#context);
  }
}

/** What takes less is not worth a span. */
const tellFromMs = 1;

function failSpan(span: ApiSpan, type: string, isError: boolean): void {
  span.setAttribute('error.type', type);
  if (isError) span.setStatus({ code: SpanStatusCode.ERROR });
}

/** All spans here are recorded ones of the SDK's own making. */
function asReadable(span: ApiSpan): ReadableSpan {
  return span as unknown as ReadableSpan;
}

/** A collector refuses a whole batch for one text that is no Unicode, and a caller may name a model as it likes. */
function wellFormed(attributes: Attributes): Record<string, string | number | boolean> {
  const clean: Record<string, string | number | boolean> = {};
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined) clean[name] = typeof value === 'string' ? value.toWellFormed() : value;
  }
  return clean;
}

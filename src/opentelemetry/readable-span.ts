import { type Link, type SpanContext, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { hrTimeDuration, millisToHrTime } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

import { cutText } from '../telemetry/cut-text.ts';
import { readTraceparent } from '../telemetry/trace-context.ts';
import type { EndedSpan } from './traced-span.ts';

export interface ReadableSettings {
  readonly resource: Resource;
  /** Longer values are cut. */
  readonly maxAttributeLength: number;
}

const scope = { name: 'assistant-proxy' };

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL };

/** A span as OpenTelemetry's SDK has it. It is to be sent, and so says that it is sampled, whatever was said upstream. */
export function toReadableSpan(
  span: EndedSpan,
  clockOffsetMs: number,
  { resource, maxAttributeLength }: ReadableSettings,
): ReadableSpan {
  const { traceId, spanId, parentId } = span;
  const context: SpanContext = { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
  const startTime = millisToHrTime(span.startedAtMs + clockOffsetMs);
  const endTime = millisToHrTime(span.endedAtMs + clockOffsetMs);
  return {
    name: span.name.toWellFormed(),
    kind: kinds[span.kind],
    spanContext: () => context,
    ...(parentId !== undefined && { parentSpanContext: { ...context, spanId: parentId } }),
    startTime,
    endTime,
    duration: hrTimeDuration(startTime, endTime),
    ended: true,
    status: { code: span.isError ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: attributesOf(span, maxAttributeLength),
    links: span.links.flatMap(linkTo),
    events: [],
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** A collector refuses a whole batch for one text that is no Unicode, and a caller may name a model as it likes. */
function attributesOf({ said }: EndedSpan, maxLength: number): Record<string, string | number | boolean> {
  const attributes: Record<string, string | number | boolean> = {};
  for (const some of said) {
    for (const name in some) {
      const value = some[name];
      if (value === undefined) continue;
      attributes[name] = typeof value === 'string' ? cutText(value, maxLength).toWellFormed() : value;
    }
  }
  return attributes;
}

function linkTo(traceparent: string): Link[] {
  const context = readTraceparent(traceparent);
  if (!context) return [];
  const traceFlags = context.isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return [{ context: { traceId: context.traceId, spanId: context.spanId, traceFlags } }];
}

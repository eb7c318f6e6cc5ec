import { randomUUID } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import { ROOT_CONTEXT } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { RandomIdGenerator, SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';

import { readTraceparent } from '../telemetry/trace-context.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { createHeldSpans } from './held-spans.ts';
import { toReadableSpan } from './readable-span.ts';
import { type SpanQueue, createSpanQueue } from './span-queue.ts';
import { TracedSpan } from './traced-span.ts';

export interface OtlpTracingSettings {
  /** Of the collector, without `/v1/traces`. */
  readonly endpoint: string;
  /** Asked for at each delivery. */
  readonly headers: () => Record<string, string>;
  readonly sampleRatio: number;
  /** What is longer in an attribute is cut. */
  readonly maxAttributeLength: number;
  /** How many spans may wait for the collector, and as many for the end of what they belong to. */
  readonly maxSpans: number;
  /** Spans that nobody takes are dropped, so that no request waits for them. */
  readonly onDropped: (spans: number) => void;
  /** Told when the collector begins to fail. */
  readonly onError: (error: Error) => void;
}

export interface OtlpTracing extends Tracing {
  /** Sends what is left, for so long at most. */
  close(timeoutMs: number): Promise<void>;
}

/** No delivery takes longer, its repetitions included: what is in flight when the process ends holds it up. */
const deliveryTimeoutMs = 3000;

/** Traces, sent as OTLP in protobuf over HTTP by OpenTelemetry's SDK. */
export function createOtlpTracing(settings: OtlpTracingSettings): OtlpTracing {
  const { endpoint, sampleRatio, maxAttributeLength, maxSpans } = settings;
  const agent = endpoint.startsWith('https:')
    ? new HttpsAgent({ keepAlive: true })
    : new HttpAgent({ keepAlive: true });
  const queue: SpanQueue = createSpanQueue({
    ...settings,
    maxWaiting: maxSpans,
    exporter: new OTLPTraceExporter({
      url: `${endpoint}/v1/traces`,
      headers: async () => settings.headers(),
      timeoutMillis: deliveryTimeoutMs,
      concurrencyLimit: 4,
      httpAgentOptions: () => agent,
    }),
    deliveryTimeoutMs,
  });
  // As operators are used to: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'assistant-proxy', 'service.instance.id': randomUUID() }))
    .merge(detectResources({ detectors: [envDetector] }));
  const ids = new RandomIdGenerator();
  const sampler = new TraceIdRatioBasedSampler(sampleRatio);
  const held = createHeldSpans({
    maxHeld: maxSpans,
    newSpanId: ids.generateSpanId,
    send: (span, clockOffsetMs) =>
      queue.add(toReadableSpan(span, clockOffsetMs, { resource, maxAttributeLength })),
    onDropped: settings.onDropped,
  });
  return {
    begin(name, { kind, parent, link, attributes }) {
      const caller = readTraceparent(parent);
      const traceId = caller?.traceId ?? ids.generateTraceId();
      const isSampled = caller?.isSampled ?? isChosen(sampler, traceId);
      const beginning = held.begin(traceId, isSampled);
      const span = new TracedSpan(beginning, { name, kind, attributes }, caller?.spanId, true);
      if (link !== undefined) span.link(link);
      return span;
    },
    async close(timeoutMs) {
      await queue.close(timeoutMs);
      // A collector that is slow to answer would keep the process alive.
      agent.destroy();
    },
  };
}

function isChosen(sampler: TraceIdRatioBasedSampler, traceId: string): boolean {
  return sampler.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;
}

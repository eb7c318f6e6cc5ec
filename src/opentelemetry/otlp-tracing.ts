import { randomUUID } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  createAlwaysRecordSampler,
} from '@opentelemetry/sdk-trace';

import type { Tracing } from '../telemetry/tracing.ts';
import { type SpanQueue, createSpanQueue } from './span-queue.ts';
import { beginSpan, createHeldSpans } from './traced-span.ts';

export interface OtlpTracingSettings {
  /** Of the collector, without `/v1/traces`. */
  readonly endpoint: string;
  /** Asked for at each delivery. */
  readonly headers: () => Record<string, string>;
  readonly sampleRatio: number;
  /** What is longer in an attribute is cut. */
  readonly maxAttributeLength: number;
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

/** Spans of OpenTelemetry's SDK, sent as OTLP in protobuf over HTTP. */
export function createOtlpTracing(settings: OtlpTracingSettings): OtlpTracing {
  const { endpoint, sampleRatio, maxAttributeLength } = settings;
  const agent = endpoint.startsWith('https:')
    ? new HttpsAgent({ keepAlive: true })
    : new HttpAgent({ keepAlive: true });
  const queue: SpanQueue = createSpanQueue({
    ...settings,
    exporter: new OTLPTraceExporter({
      url: `${endpoint}/v1/traces`,
      headers: async () => settings.headers(),
      timeoutMillis: deliveryTimeoutMs,
      concurrencyLimit: 4,
      httpAgentOptions: () => agent,
    }),
    deliveryTimeoutMs,
  });
  const provider = new TracerProvider({
    // As operators are used to: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
    resource: defaultResource()
      .merge(
        resourceFromAttributes({ 'service.name': 'assistant-proxy', 'service.instance.id': randomUUID() }),
      )
      .merge(detectResources({ detectors: [envDetector] })),
    // All are recorded, since whether a request fails is known at its end.
    sampler: createAlwaysRecordSampler(
      new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    ),
    spanLimits: { attributeValueLengthLimit: maxAttributeLength },
  });
  const tracer = provider.getTracer('assistant-proxy');
  const held = createHeldSpans(queue.add, settings.onDropped);
  return {
    begin: (name, beginning) => beginSpan({ tracer, held }, name, beginning),
    async close(timeoutMs) {
      await queue.close(timeoutMs);
      // A collector that is slow to answer would keep the process alive.
      agent.destroy();
    },
  };
}

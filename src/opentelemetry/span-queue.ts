import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace';

export interface SpanQueueSettings {
  readonly maxWaiting: number;
  readonly exporter: SpanExporter;
  readonly deliveryTimeoutMs: number;
  readonly onDropped: (spans: number) => void;
  /** Told of the first delivery that fails, and of the first that does so after one went well. */
  readonly onError: (error: Error) => void;
}

export interface SpanQueue {
  add(span: ReadableSpan): void;
  /** Sends what is left, for so long at most; what is still there then is dropped. */
  close(timeoutMs: number): Promise<void>;
}

const maxBatch = 512;
const sendEveryMs = 1000;

/** The SDK's own queue, which drops what it can't hold and says so to nobody; here it is counted. */
export function createSpanQueue(settings: SpanQueueSettings): SpanQueue {
  const { exporter, maxWaiting, deliveryTimeoutMs, onDropped, onError } = settings;
  let waiting = 0;
  let inFlight = 0;
  let isWell = true;

  function told(spans: number, result: ExportResult): void {
    inFlight -= spans;
    const hasFailed = result.code !== ExportResultCode.SUCCESS;
    if (hasFailed) {
      onDropped(spans);
      if (isWell) onError(result.error ?? new Error('the collector took no traces'));
    }
    isWell = !hasFailed;
  }

  const counting: SpanExporter = {
    export(spans, done) {
      waiting -= spans.length;
      inFlight += spans.length;
      exporter.export(spans, (result) => {
        told(spans.length, result);
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
  const processor = new BatchSpanProcessor({
    exporter: counting,
    maxQueueSize: maxWaiting,
    maxExportBatchSize: Math.min(maxBatch, maxWaiting),
    scheduledDelayMillis: sendEveryMs,
    // Behind the exporter's own, which says better what went wrong.
    exportTimeoutMillis: 2 * deliveryTimeoutMs,
  });

  return {
    add(span) {
      if (waiting >= maxWaiting) return onDropped(1);
      waiting += 1;
      processor.onEnd(span);
    },
    async close(timeoutMs) {
      const timeout = Promise.withResolvers<void>();
      const timer = setTimeout(timeout.resolve, timeoutMs);
      await Promise.race([processor.shutdown().catch(() => {}), timeout.promise]);
      clearTimeout(timer);
      if (waiting + inFlight > 0) onDropped(waiting + inFlight);
    },
  };
}

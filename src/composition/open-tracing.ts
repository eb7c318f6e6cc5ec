import type { Config } from '../config/schema.ts';
import type { OtlpTracing } from '../opentelemetry/otlp-tracing.ts';
import type { LogSink } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { type WatchedKey, fixedKey, watchKeyFile } from '../watching/watched-key.ts';

interface TracingParts {
  readonly log: LogSink['log'];
  readonly metrics: Metrics;
}

export interface OpenTracing extends Tracing {
  /** Resolves when spans can be begun, and not before: what they are made with takes a while to load. */
  readonly loaded: Promise<unknown>;
  /** Sends what is left, for so long at most. */
  close(timeoutMs: number): Promise<void>;
}

/** Names, states and counts are short; of what was said fewer are kept. Either way that is a few megabytes, or 30 at most. */
const plain = { maxAttributeLength: 512, maxSpans: 2048 };
const withContent = { maxAttributeLength: 16_384, maxSpans: 256 };

/** Undefined, and nothing is loaded, if there is no collector. */
export function openTracing({ telemetry }: Config, { log, metrics }: TracingParts): OpenTracing | undefined {
  if (telemetry.otlpEndpoint === '') return undefined;
  const headers = openHeaders(telemetry, (error) => log.error({ cause: error.message }, 'key not reread'));
  let tracing: OtlpTracing | undefined;
  const loaded = import('../opentelemetry/otlp-tracing.ts').then(({ createOtlpTracing }) => {
    tracing = createOtlpTracing({
      endpoint: telemetry.otlpEndpoint,
      headers: () => readHeaders(headers.read()),
      sampleRatio: telemetry.sampleRatio,
      ...(telemetry.captureContent ? withContent : plain),
      onDropped: (spans) => metrics.dropped('span', spans),
      // A collector's own words may be anything.
      onError: ({ name, code }: Error & { code?: unknown }) =>
        log.warn({ cause: code ?? name }, 'traces not delivered'),
    });
  });
  // Whoever waits for it hears of it.
  loaded.catch(() => {});
  return {
    loaded,
    begin: (name, beginning) => tracing!.begin(name, beginning),
    async close(timeoutMs) {
      await tracing?.close(timeoutMs);
      headers.close();
    },
  };
}

function openHeaders(
  { otlpHeaders, otlpHeadersFile }: Config['telemetry'],
  onProblem: (error: Error) => void,
): WatchedKey {
  if (otlpHeadersFile === '') return fixedKey(otlpHeaders);
  const file = { file: otlpHeadersFile, path: 'telemetry.otlpHeadersFile', minLength: 1 };
  return watchKeyFile(file, onProblem);
}

function readHeaders(list: string): Record<string, string> {
  const pairs = list.split(',').filter((pair) => pair.includes('='));
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}

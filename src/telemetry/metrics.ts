import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

import type { Usage } from '../openai/usage.ts';
import { boundedLabel } from './bounded-label.ts';
import { metricDefinitions as definitions } from './metric-definitions.ts';

/** One request that has ended, in the units of the metrics. */
export interface RequestMeasures {
  readonly operation: string;
  readonly status: number;
  readonly ending: 'complete' | 'aborted' | 'cut' | 'refused';
  readonly durationSeconds: number;
  readonly timeToFirstByteSeconds: number | undefined;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly model: string | undefined;
  readonly usage: Usage | undefined;
}

export interface Metrics {
  requestStarted(): void;
  requestEnded(measures: RequestMeasures): void;
  refused(operation: string, code: string): void;
  inFlight(): number;
  /** In Prometheus' text format. */
  exposition(): Promise<string>;
  readonly contentType: string;
}

/** @param maxModelLabels distinct model names before further ones count as `other`. */
export function createMetrics(maxModelLabels: number): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Counter({ ...definitions.requests, registers });
  const refusals = new Counter({ ...definitions.refusals, registers });
  const duration = new Histogram({ ...mutable(definitions.duration), registers });
  const timeToFirstByte = new Histogram({ ...mutable(definitions.timeToFirstByte), registers });
  const requestBytes = new Histogram({ ...mutable(definitions.requestBytes), registers });
  const responseBytes = new Histogram({ ...mutable(definitions.responseBytes), registers });
  const tokens = new Counter({ ...definitions.tokens, registers });
  let running = 0;
  const inFlight: Gauge = new Gauge({
    ...definitions.inFlight,
    registers,
    collect: () => inFlight.set(running),
  });
  const modelLabel = boundedLabel(maxModelLabels);

  return {
    requestStarted() {
      running += 1;
    },
    requestEnded(measures) {
      running -= 1;
      const { operation, ending } = measures;
      requests.inc({ operation, status: measures.status, ending });
      const byOperation = { operation };
      duration.observe(byOperation, measures.durationSeconds);
      requestBytes.observe(byOperation, measures.requestBytes);
      responseBytes.observe(byOperation, measures.responseBytes);
      if (measures.timeToFirstByteSeconds !== undefined) {
        timeToFirstByte.observe(byOperation, measures.timeToFirstByteSeconds);
      }
      if (measures.usage) countTokens(operation, modelLabel(measures.model), measures.usage);
    },
    refused(operation, code) {
      refusals.inc({ operation, code });
    },
    inFlight: () => running,
    exposition: () => registry.metrics(),
    contentType: registry.contentType,
  };

  function countTokens(operation: string, model: string, usage: Usage): void {
    tokens.inc({ operation, model, kind: 'input' }, usage.inputTokens);
    tokens.inc({ operation, model, kind: 'output' }, usage.outputTokens);
    if (usage.cachedInputTokens > 0) {
      tokens.inc({ operation, model, kind: 'cached_input' }, usage.cachedInputTokens);
    }
    if (usage.cacheWriteTokens > 0) {
      tokens.inc({ operation, model, kind: 'cache_write' }, usage.cacheWriteTokens);
    }
    if (usage.reasoningTokens > 0) tokens.inc({ operation, model, kind: 'reasoning' }, usage.reasoningTokens);
  }
}

/** prom-client wants an array of its own. */
function mutable<Definition extends { readonly buckets: readonly number[] }>(definition: Definition) {
  return { ...definition, buckets: [...definition.buckets] };
}

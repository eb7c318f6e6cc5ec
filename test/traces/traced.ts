import { setTimeout as sleep } from 'node:timers/promises';

import OpenAI from 'openai';

import type { Lifetime } from '../harness/lifetime.ts';
import { type Sidecar, startSidecar, upstreamKey } from '../harness/sidecar.ts';
import { type StandIn, startStandIn } from '../stand-in/stand-in.ts';
import { type Collector, startCollector } from './collector.ts';
import type { ReceivedSpan } from './received-spans.ts';

export interface Traced {
  readonly sidecar: Sidecar;
  readonly standIn: StandIn;
  readonly collector: Collector;
  readonly client: OpenAI;
}

interface TracedOptions {
  readonly config?: string;
  readonly env?: Record<string, string>;
}

/** A sidecar whose traces a real collector takes. */
export async function startTraced(test: Lifetime, { config = '', env }: TracedOptions = {}): Promise<Traced> {
  const collector = await startCollector(test);
  const standIn = await startStandIn({ apiKey: upstreamKey });
  test.after(() => standIn.close());
  const sidecar = await startSidecar(test, {
    upstreamUrl: standIn.url,
    config,
    env: { ASSISTANT_PROXY_TELEMETRY_OTLP_ENDPOINT: collector.endpoint, ...env },
  });
  const client = new OpenAI({ baseURL: sidecar.url, apiKey: 'any', maxRetries: 0 });
  return { sidecar, standIn, collector, client };
}

/** The span that fits, as soon as the collector has it. */
export async function spanThat(
  { spans }: Collector,
  fits: (span: ReceivedSpan) => boolean,
): Promise<ReceivedSpan> {
  const givesUpAtMs = performance.now() + 20_000;
  for (;;) {
    const found = spans.find(fits);
    if (found) return found;
    if (performance.now() > givesUpAtMs) {
      throw new Error(`no such span: ${fits}; there are ${spans.map(({ name }) => name).join(', ')}`);
    }
    await sleep(20);
  }
}

export function childrenOf({ spans }: Collector, parent: ReceivedSpan, name?: RegExp): ReceivedSpan[] {
  return spans.filter(
    ({ parentSpanId, name: itsName }) =>
      parentSpanId === parent.spanId && (name === undefined || name.test(itsName)),
  );
}

/** As an application that is traced itself sends it. */
export function callersTrace(traceId: string, isSampled = true) {
  return { traceparent: `00-${traceId}-00f067aa0ba902b7-0${isSampled ? 1 : 0}` };
}

export const callersSpanId = '00f067aa0ba902b7';

import type { Dispatcher } from 'undici';

import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { ProxyError } from '../errors.ts';
import { type Handler, compose } from '../exchange.ts';
import { createUpstreamPath } from '../pipeline.ts';
import { readUsage } from '../policies/read-usage.ts';
import { type CallQueue, createCallQueue } from '../resilience/call-queue.ts';
import { type Circuit, type CircuitState, createCircuit } from '../resilience/circuit.ts';
import { type FindGeneration, createFindGeneration } from '../resilience/find-generation.ts';
import { createResting } from '../resilience/resting.ts';
import { type Upstream, modelOf } from '../resilience/upstreams.ts';
import { boundedLabel } from '../telemetry/bounded-label.ts';
import type { LogSink } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type RecentAttempts, createUpstreamHealth } from '../telemetry/upstream-health.ts';
import { createDispatcher } from '../upstream/dispatcher.ts';
import { forward } from '../upstream/forward.ts';
import { watchCertificates } from '../upstream/watch-certificates.ts';
import { type WatchedKey, fixedKey, watchKeyFile } from '../watching/watched-key.ts';
import { openSharedAllowances } from './open-shared-allowances.ts';

export interface OpenUpstreams {
  readonly primary: Upstream;
  /** In the order of the configuration. */
  readonly fallbacks: readonly Upstream[];
  /** The primary one without what guards it, for the sidecar's own questions; answers with their usage read. */
  readonly bare: Handler;
  readonly findGeneration: FindGeneration;
  /** How each of them is just now. */
  states(): UpstreamState[];
  close(): Promise<void>;
}

export interface UpstreamState extends RecentAttempts {
  readonly name: string;
  readonly origin: string;
  readonly circuit: CircuitState;
  /** While the circuit is open: how long until a call may try again. */
  readonly refusedForMs: number | null;
  readonly running: number;
  readonly waiting: number;
}

export interface UpstreamParts {
  readonly log: LogSink['log'];
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly isTraced: boolean;
  /** Hides what traces must not tell of answers; undefined: they tell nothing of what is said. */
  readonly hide: ((text: string) => string) | undefined;
}

type Settings = Pick<
  Config['upstream'],
  'baseUrl' | 'dialect' | 'apiKey' | 'apiKeyFile' | 'organization' | 'project'
>;

/** Every upstream with what stands before it. Those that share an origin share its circuit and its queue. */
export function openUpstreams(config: Config, parts: UpstreamParts): OpenUpstreams {
  const { upstream } = config;
  const dispatchers = new Map<string, Dispatcher>();
  const keys: WatchedKey[] = [];
  const guards = new Map<string, Guard>();
  const namesByOrigin = new Map<string, string>();
  const health = createUpstreamHealth(parts.clock.unixMs);
  const states: (() => UpstreamState)[] = [];
  const shared = openSharedAllowances(config.store, upstream.paceUpToMs, (error) =>
    parts.log.warn({ cause: error.message }, 'store'),
  );

  const modelLabel = boundedLabel(config.telemetry.maxModelLabels);
  const primary = open('primary', upstream, 'upstream', {});
  const stopWatching = watchCertificates(namesByOrigin, parts.metrics.upstreams.certificateSeen);
  const fallbacks = upstream.fallbacks.map((fallback, index) =>
    open(fallback.name, fallback, `upstream.fallbacks[${index}]`, fallback.models),
  );
  return {
    primary: primary.upstream,
    fallbacks: fallbacks.map((fallback) => fallback.upstream),
    bare: compose([readUsage()], primary.transport),
    states: () => states.map((stateOf) => stateOf()),
    findGeneration: createFindGeneration(parts.clock, createLookUpQueue(parts.clock)),
    async close() {
      for (const key of keys) key.close();
      stopWatching();
      await shared?.close();
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
    },
  };

  function open(name: string, settings: Settings, path: string, models: Readonly<Record<string, string>>) {
    const { baseUrl, dialect, organization, project } = settings;
    const { origin } = new URL(baseUrl);
    if (!namesByOrigin.has(origin)) namesByOrigin.set(origin, name);
    const transport = forward({
      baseUrl,
      identity: { dialect, apiKey: keyOf(settings, path).read, organization, project },
      dispatcher: dispatcherOf(origin, baseUrl),
    });
    const names = new Map(Object.entries(models));
    const { circuit, queue } = guardOf(origin, name);
    states.push(() => ({
      name,
      origin,
      circuit: circuit.state(),
      refusedForMs: circuit.refusedForMs() ?? null,
      running: queue.running(),
      waiting: queue.waiting(),
      ...health.recent(name),
    }));
    const handler = createUpstreamPath({
      transport,
      circuit,
      queue,
      nameOf: names.size === 0 ? undefined : (exchange) => names.get(modelOf(exchange)),
      pacing: {
        upstream: name,
        origin,
        maxWaitMs: upstream.paceUpToMs,
        metrics: parts.metrics.upstreamLimits,
        shared,
        clock: parts.clock,
      },
      slowCalls: config.circuit,
      metrics: parts.metrics.upstreams,
      health,
      tracing: parts.isTraced
        ? { upstream: name, baseUrl, dialect, modelLabel, capture: parts.hide && { hide: parts.hide } }
        : undefined,
      clock: parts.clock,
    });
    const serves = (exchange: Parameters<Handler>[0]) => names.size === 0 || names.has(modelOf(exchange));
    return {
      transport,
      upstream: { name, handler, resting: createResting(parts.clock.nowMs), serves },
    };
  }

  function keyOf({ apiKey, apiKeyFile }: Settings, path: string): WatchedKey {
    const key =
      apiKeyFile === ''
        ? fixedKey(apiKey)
        : watchKeyFile({ file: apiKeyFile, path: `${path}.apiKeyFile`, minLength: 1 }, (error) =>
            parts.log.error({ cause: error.message }, 'key not reread'),
          );
    keys.push(key);
    return key;
  }

  function dispatcherOf(origin: string, baseUrl: string): Dispatcher {
    const dispatcher = dispatchers.get(origin) ?? createDispatcher({ ...upstream, baseUrl });
    dispatchers.set(origin, dispatcher);
    return dispatcher;
  }

  function guardOf(origin: string, name: string): Guard {
    const guard = guards.get(origin) ?? createGuard(config, name, parts);
    guards.set(origin, guard);
    return guard;
  }
}

/** Few look-ups at a time: they come in numbers when an upstream is in trouble, and bring whole lists. */
function createLookUpQueue(clock: Clock): CallQueue {
  return createCallQueue({
    maxConcurrent: 4,
    maxQueued: 1000,
    queueUpToMs: 30_000,
    clock,
    refusal: () => new ProxyError('overloaded'),
  });
}

interface Guard {
  readonly circuit: Circuit;
  readonly queue: CallQueue;
}

function createGuard(
  { circuit: settings, overload, upstream }: Config,
  name: string,
  { log, metrics, clock }: UpstreamParts,
): Guard {
  const { maxConnections } = upstream;
  const queue = createCallQueue({
    ...overload,
    // Calls beyond that would wait in the pool, which nothing can leave and nobody bounds.
    maxConcurrent: Math.min(overload.maxConcurrent, maxConnections === 0 ? Infinity : maxConnections),
    clock,
    refusal: () => new ProxyError('overloaded', { headers: { 'retry-after': '1' } }),
  });
  const circuit = createCircuit({
    ...settings,
    clock,
    onChange(state) {
      metrics.upstreams.circuitChanged(name, state);
      log.warn({ upstream: name, circuit: state }, 'circuit');
      if (state === 'open') queue.flush(new ProxyError('circuit_open', { headers: { 'retry-after': '1' } }));
    },
  });
  metrics.upstreams.queueFrom(name, queue);
  metrics.upstreams.circuitChanged(name, 'closed');
  return { circuit, queue };
}

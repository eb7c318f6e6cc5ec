import { createDistribution } from './distribution.ts';
import { createLevel } from './level.ts';
import { type Registers, expose } from './registers.ts';
import { createTally } from './tally.ts';
import { upstreamDefinitions as definitions } from './upstream-definitions.ts';

type CircuitState = 'closed' | 'open' | 'halfOpen';

/** How the answer to an attempt began. */
export type AttemptResult =
  | 'ok'
  | 'client_error'
  | 'rate_limited'
  | 'server_error'
  | 'unreachable'
  | 'timeout'
  | 'aborted';

/** Upstreams go by their names in the configuration. */
export interface UpstreamMetrics {
  /** @param durationMs until the answer began, or none would. */
  attempted(upstream: string, result: AttemptResult, durationMs: number): void;
  circuitChanged(upstream: string, state: CircuitState): void;
  /** @param expiresAtMs Unix milliseconds. */
  certificateSeen(upstream: string, expiresAtMs: number): void;
  /** Asked when metrics are scraped. */
  queueFrom(upstream: string, count: { running(): number; waiting(): number }): void;
}

const numbers: Readonly<Record<CircuitState, number>> = { closed: 0, halfOpen: 1, open: 2 };

export function createUpstreamMetrics(registers: Registers): UpstreamMetrics {
  const attempts = createTally(definitions.upstreamAttempts, registers);
  const duration = createDistribution(definitions.upstreamDuration, registers);
  const circuits = createLevel(definitions.circuitState, registers);
  const openings = createTally(definitions.circuitOpenings, registers);
  const expiry = createLevel(definitions.upstreamCertificateExpiry, registers);
  const queues = new Map<string, { running(): number; waiting(): number }>();
  expose(definitions.upstreamRunning, registers, () => samplesOf((count) => count.running()));
  expose(definitions.upstreamWaiting, registers, () => samplesOf((count) => count.waiting()));

  function samplesOf(value: (count: { running(): number; waiting(): number }) => number) {
    return Iterator.from(queues).map(([upstream, count]) => ({ labels: { upstream }, value: value(count) }));
  }

  return {
    attempted(upstream, result, durationMs) {
      attempts([upstream, result], 1);
      duration([upstream], durationMs / 1000);
    },
    circuitChanged(upstream, state) {
      circuits([upstream], numbers[state]);
      openings([upstream], state === 'open' ? 1 : 0);
    },
    certificateSeen: (upstream, expiresAtMs) => expiry([upstream], expiresAtMs / 1000),
    queueFrom: (upstream, count) => void queues.set(upstream, count),
  };
}

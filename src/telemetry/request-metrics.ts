import type { BoundedLabel } from './bounded-label.ts';
import { createDistribution } from './distribution.ts';
import { ledgerDefinitions } from './ledger-definitions.ts';
import { type Registers, expose } from './registers.ts';
import { requestDefinitions as definitions } from './request-definitions.ts';
import { createTally } from './tally.ts';

/** One request that has ended. */
export interface RequestMeasures {
  readonly operation: string;
  readonly status: number;
  readonly ending: 'complete' | 'aborted' | 'cut' | 'refused';
  readonly team: string | undefined;
  readonly app: string | undefined;
  readonly durationMs: number;
  readonly timeToFirstByteMs: number | undefined;
  /** What the sidecar added; undefined of calls that it sent nowhere. */
  readonly overheadMs: number | undefined;
  readonly limitWaitMs: number;
  readonly queueWaitMs: number;
  readonly paceWaitMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Of the error that the sidecar answered with. */
  readonly errorCode: string | undefined;
  /** The budget or limit that refused. */
  readonly deniedBy: DenyingRule | undefined;
  /** The same, had it been enforced. */
  readonly overdrawn: DenyingRule | undefined;
  /** Of a trace that is kept. */
  readonly traceId: string | undefined;
}

export interface DenyingRule {
  readonly rule: string;
  /** `budget`, `rate` or `concurrency`. */
  readonly kind: string;
}

export interface RequestMetrics {
  started(): void;
  ended(measures: RequestMeasures): void;
  /** One that never began. */
  refused(operation: string, code: string): void;
}

/** A turn that was free at once takes less. */
const leastWaitMs = 1;

export function createRequestMetrics(
  registers: Registers,
  labels: { readonly team: BoundedLabel; readonly app: BoundedLabel },
): RequestMetrics {
  const requests = createTally(definitions.requests, registers);
  const refusals = createTally(definitions.refusals, registers);
  const requestBytes = createTally(definitions.requestBytes, registers);
  const responseBytes = createTally(definitions.responseBytes, registers);
  const duration = createDistribution(definitions.duration, registers);
  const timeToFirstByte = createDistribution(definitions.timeToFirstByte, registers);
  const overhead = createDistribution(definitions.overhead, registers);
  const queueTime = createDistribution(definitions.queueTime, registers);
  const denials = createTally(ledgerDefinitions.denials, registers);
  const denialsObserved = createTally(ledgerDefinitions.denialsObserved, registers);
  let running = 0;
  expose(definitions.inFlight, registers, () => [{ labels: {}, value: running }]);

  return {
    started() {
      running += 1;
    },
    ended(measures) {
      running -= 1;
      const { operation, timeToFirstByteMs, overheadMs, errorCode, deniedBy, overdrawn, traceId } = measures;
      const team = labels.team(measures.team);
      const app = labels.app(measures.app);
      const byOperation = [operation];
      requests([operation, String(measures.status), measures.ending, team, app], 1);
      requestBytes(byOperation, measures.requestBytes);
      responseBytes(byOperation, measures.responseBytes);
      duration(byOperation, measures.durationMs / 1000, traceId);
      if (timeToFirstByteMs !== undefined) timeToFirstByte(byOperation, timeToFirstByteMs / 1000, traceId);
      if (overheadMs !== undefined) overhead(byOperation, overheadMs / 1000, traceId);
      if (errorCode !== undefined) refusals([operation, errorCode], 1);
      if (deniedBy) denials([deniedBy.rule, deniedBy.kind, team, app], 1);
      if (overdrawn) denialsObserved([overdrawn.rule, overdrawn.kind], 1);
      waited('limit', measures.limitWaitMs);
      waited('upstream', measures.queueWaitMs);
      waited('pacing', measures.paceWaitMs);
    },
    refused: (operation, code) => refusals([operation, code], 1),
  };

  function waited(queue: string, waitMs: number): void {
    if (waitMs >= leastWaitMs) queueTime([queue], waitMs / 1000);
  }
}

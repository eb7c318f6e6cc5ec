import type { Logger } from 'pino';

import type { Serving } from './assistants/serving.ts';
import type { Clock } from './clock.ts';
import { type Exchange, type Handler, compose } from './exchange.ts';
import { type Callers, authenticate } from './policies/authenticate.ts';
import { awaitBeginning } from './policies/await-beginning.ts';
import { boundLoad } from './policies/bound-load.ts';
import { type SlowCalls, breakCircuit, refuseWhileOpen } from './policies/break-circuit.ts';
import { type HoldBudgetParts, holdBudget } from './policies/hold-budget.ts';
import { type IdentitySources, identify } from './policies/identify.ts';
import { mapModel } from './policies/map-model.ts';
import { observe } from './policies/observe.ts';
import { type PaceParts, pace } from './policies/pace.ts';
import { readBody } from './policies/read-body.ts';
import { readUsage } from './policies/read-usage.ts';
import { type RedactParts, redact, redactOutputs, redactRunCall } from './policies/redact.ts';
import { refuseUnknown } from './policies/refuse-unknown.ts';
import { type ReplayParts, replay } from './policies/replay.ts';
import { type RetryParts, retry } from './policies/retry.ts';
import { serveAssistants } from './policies/serve-assistants.ts';
import { type TimeoutsByClass, timeOut } from './policies/time-out.ts';
import type { CallQueue } from './resilience/call-queue.ts';
import type { Circuit } from './resilience/circuit.ts';
import type { Metrics } from './telemetry/metrics.ts';

export interface PipelineParts {
  readonly callPath: Handler;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly unknownOperations: 'allow' | 'deny';
  readonly maxBodyBytes: number;
  /** Undefined: whoever reaches the port may call. */
  readonly callers: Callers | undefined;
  readonly identitySources: IdentitySources;
  /** Undefined: nothing is looked for. */
  readonly redacting: RedactParts | undefined;
  readonly replaying: ReplayParts;
  /** Undefined: the upstream has the Assistants API itself. */
  readonly serving: Serving | undefined;
}

/** The path of every request ahead of that, outermost first. */
export function createPipeline(parts: PipelineParts): Handler {
  return compose(
    [
      observe(parts), //                          outermost: sees every ending, refusals too
      authenticate(parts.callers), //             first of all: strangers learn nothing
      refuseUnknown(parts.unknownOperations), //  before the body: what may not pass is not read
      readBody(parts.maxBodyBytes, parts.redacting !== undefined), // all below may look at the parsed body
      identify(parts.identitySources), //         after the body: its metadata may say who pays
      redact(parts.redacting), //                 above all that keeps or sends what was said
      replay(parts.replaying), //                 after identify: keys are their callers' own
      redactOutputs(parts.redacting), //          below replay: what is kept has been looked at
      serveAssistants(parts.serving), //          after identify: runs remember who pays for their calls
    ],
    parts.callPath,
  );
}

export interface CallPathParts {
  /** The path to the first upstream. */
  readonly primary: Handler;
  readonly timeouts: TimeoutsByClass;
  readonly clock: Clock;
  /** Undefined: nothing is budgeted or limited. */
  readonly holding: HoldBudgetParts | undefined;
  readonly retrying: RetryParts;
}

/** The path of every call that goes upstream, be it an application's or one that a run makes here; outermost first. */
export function createCallPath(parts: CallPathParts): Handler {
  return compose(
    [
      timeOut(parts.timeouts, parts.clock), //    around all that waits: queues, pauses and attempts
      holdBudget(parts.holding), //               before anything is sent; one hold for all attempts
      retry(parts.retrying), //                   innermost of the call: below it are single attempts
    ],
    parts.primary,
  );
}

export interface UpstreamPathParts {
  readonly transport: Handler;
  readonly circuit: Circuit;
  readonly queue: CallQueue;
  /** What the call's model is called there; undefined: as the caller has it, for a call or for all. */
  readonly nameOf: ((exchange: Exchange) => string | undefined) | undefined;
  readonly pacing: PaceParts;
  readonly slowCalls: SlowCalls;
  readonly clock: Clock;
}

/** The path of one attempt to one upstream; outermost first. */
export function createUpstreamPath(parts: UpstreamPathParts): Handler {
  const { circuit, clock } = parts;
  return compose(
    [
      refuseWhileOpen(circuit), //                before anything waits: refused at once
      mapModel(parts.nameOf), //                  above pace: limits are those of the model there
      boundLoad(parts.queue), //                  around all that waits for the upstream, or is open to it
      pace(parts.pacing), //                      within the queue: who is turned away there spends nothing
      breakCircuit(circuit, parts.slowCalls, clock), // after all waiting: times the upstream alone
      awaitBeginning(clock), //                   what begins badly can be sent again
      readUsage(), //                             innermost: sees answers as the upstream sent them
    ],
    parts.transport,
  );
}

export interface ModelCallsParts {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly redacting: RedactParts | undefined;
}

/** What a run here calls: observed and paid for as an application's own calls are. */
export function createModelCalls(callPath: Handler, parts: ModelCallsParts): Handler {
  return compose(
    [
      observe(parts), //                          outermost: sees every ending
      redactOutputs(parts.redacting), //          what a run keeps of an answer has been looked at
      redactRunCall(parts.redacting), //          what was kept before anything was looked for
    ],
    callPath,
  );
}

import type { Logger } from 'pino';

import type { Serving } from './assistants/serving.ts';
import { type Handler, compose } from './exchange.ts';
import { type Callers, authenticate } from './policies/authenticate.ts';
import { type HoldBudgetParts, holdBudget } from './policies/hold-budget.ts';
import { type IdentitySources, identify } from './policies/identify.ts';
import { observe } from './policies/observe.ts';
import { pace } from './policies/pace.ts';
import { readBody } from './policies/read-body.ts';
import { readUsage } from './policies/read-usage.ts';
import { refuseUnknown } from './policies/refuse-unknown.ts';
import { type ReplayParts, replay } from './policies/replay.ts';
import { serveAssistants } from './policies/serve-assistants.ts';
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
      readBody(parts.maxBodyBytes), //            all below may look at the parsed body
      identify(parts.identitySources), //         after the body: its metadata may say who pays
      replay(parts.replaying), //                 after identify: keys are their callers' own
      serveAssistants(parts.serving), //          after identify: runs remember who pays for their calls
    ],
    parts.callPath,
  );
}

export interface CallPathParts {
  readonly upstream: Handler;
  readonly metrics: Metrics;
  /** Undefined: nothing is budgeted or limited. */
  readonly holding: HoldBudgetParts | undefined;
  readonly paceUpToMs: number;
}

/** The path of every call that goes upstream, be it an application's or one that a run makes here; outermost first. */
export function createCallPath(parts: CallPathParts): Handler {
  return compose(
    [
      holdBudget(parts.holding), //               before anything is sent; around all that is paid for
      pace(parts.paceUpToMs, parts.metrics.upstreamLimits), // after the hold: a call that waits is paid for already
      readUsage(), //                             innermost: sees answers as the upstream sent them
    ],
    parts.upstream,
  );
}

/** What a run here calls: observed and paid for as an application's own calls are. */
export function createModelCalls(callPath: Handler, observed: { log: Logger; metrics: Metrics }): Handler {
  return compose([observe(observed)], callPath);
}

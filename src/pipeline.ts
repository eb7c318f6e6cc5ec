import type { Logger } from 'pino';

import { type Handler, compose } from './exchange.ts';
import { observe } from './policies/observe.ts';
import { readBody } from './policies/read-body.ts';
import { readUsage } from './policies/read-usage.ts';
import { refuseUnknown } from './policies/refuse-unknown.ts';
import type { Metrics } from './telemetry/metrics.ts';

export interface PipelineParts {
  readonly upstream: Handler;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly unknownOperations: 'allow' | 'deny';
  readonly maxBodyBytes: number;
}

/** The path of every request, outermost first. */
export function createPipeline(parts: PipelineParts): Handler {
  return compose(
    [
      observe(parts), //                          outermost: sees every ending, refusals included
      refuseUnknown(parts.unknownOperations), //  before the body: nothing is read for a call that may not pass
      readBody(parts.maxBodyBytes), //            everything below may look at the parsed body
      readUsage(), //                             innermost: sees each answer as the upstream sent it
    ],
    parts.upstream,
  );
}

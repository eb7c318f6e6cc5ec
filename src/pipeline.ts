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
      observe(parts), //                          outermost: sees every ending, refusals too
      refuseUnknown(parts.unknownOperations), //  before the body: what may not pass is not read
      readBody(parts.maxBodyBytes), //            all below may look at the parsed body
      readUsage(), //                             innermost: sees answers as the upstream sent them
    ],
    parts.upstream,
  );
}

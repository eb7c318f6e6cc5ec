/**
 * Every metric, defined once: the registry and the README's table are made from here. Names follow
 * Prometheus' habits: base units, `_total` on counters. Label values come from closed sets, or are bounded.
 */

/** From a cached lookup to a long reasoning stream. */
const secondsBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly buckets?: readonly number[];
}

export const metricDefinitions = {
  requests: {
    type: 'counter',
    name: 'assistant_proxy_requests_total',
    help: 'Requests by how they ended: complete, aborted (the caller left), cut (the upstream broke off), refused (answered by the sidecar itself).',
    labelNames: ['operation', 'status', 'ending'],
  },
  refusals: {
    type: 'counter',
    name: 'assistant_proxy_refusals_total',
    help: 'Requests that the sidecar itself answered with an error, by the code of that error.',
    labelNames: ['operation', 'code'],
  },
  duration: {
    type: 'histogram',
    name: 'assistant_proxy_request_duration_seconds',
    help: 'From the headers of the request to the last byte of the answer.',
    labelNames: ['operation'],
    buckets: secondsBuckets,
  },
  timeToFirstByte: {
    type: 'histogram',
    name: 'assistant_proxy_time_to_first_byte_seconds',
    help: 'From the headers of the request to the first byte of the body of the answer.',
    labelNames: ['operation'],
    buckets: secondsBuckets,
  },
  requestBytes: {
    type: 'counter',
    name: 'assistant_proxy_request_body_bytes_total',
    help: 'Bytes of request bodies, as declared by the caller.',
    labelNames: ['operation'],
  },
  responseBytes: {
    type: 'counter',
    name: 'assistant_proxy_response_body_bytes_total',
    help: 'Bytes of the bodies of answers, as the upstream sent them.',
    labelNames: ['operation'],
  },
  inFlight: {
    type: 'gauge',
    name: 'assistant_proxy_requests_in_flight',
    help: 'Requests that have begun and not ended.',
    labelNames: [],
  },
  tokens: {
    type: 'counter',
    name: 'assistant_proxy_tokens_total',
    help: 'Tokens as the upstream reported them. cached_input and cache_write are parts of input, reasoning is a part of output.',
    labelNames: ['operation', 'model', 'kind'],
  },
  idempotent: {
    type: 'counter',
    name: 'assistant_proxy_idempotent_requests_total',
    help: 'POSTs with an Idempotency-Key by what became of them: begun (the first of its key), replayed (got the answer of the first), waited (the same, once that had ended), conflict (asked for something else), abandoned (nobody knows whether the first has run), left (the caller did not wait), refused (a key that is none, or no store).',
    labelNames: ['result'],
  },
  denials: {
    type: 'counter',
    name: 'assistant_proxy_denials_total',
    help: 'Calls that a budget or a limit refused, by its name.',
    labelNames: ['rule'],
  },
  settlements: {
    type: 'counter',
    name: 'assistant_proxy_settlements_total',
    help: 'Calls charged to the ledger: settled (the usual), corrected (an estimate was put right), recovered (the store knew nothing of the hold), duplicate (it was settled before). An estimated charge is one that the upstream did not tell.',
    labelNames: ['kind', 'estimated'],
  },
  chargedTokens: {
    type: 'counter',
    name: 'assistant_proxy_charged_tokens_total',
    help: 'Tokens charged to budgets.',
    labelNames: [],
  },
  chargedUsd: {
    type: 'counter',
    name: 'assistant_proxy_charged_usd_total',
    help: 'US dollars charged to budgets.',
    labelNames: [],
  },
  overrunTokens: {
    type: 'counter',
    name: 'assistant_proxy_overrun_tokens_total',
    help: 'Tokens that the upstream billed beyond what was held for a call.',
    labelNames: [],
  },
  overrunUsd: {
    type: 'counter',
    name: 'assistant_proxy_overrun_usd_total',
    help: 'US dollars that the upstream billed beyond what was held for a call.',
    labelNames: [],
  },
  holdsSwept: {
    type: 'counter',
    name: 'assistant_proxy_holds_swept_total',
    help: 'Holds that the sweeper resolved: lapsed (the owner is gone, charged whole), told (the upstream said what it used), gone (the upstream knows nothing of it, charged whole).',
    labelNames: ['result'],
  },
  thresholdCrossings: {
    type: 'counter',
    name: 'assistant_proxy_budget_threshold_crossings_total',
    help: 'Budgets whose use has reached a threshold, counted by the pod that took it there.',
    labelNames: ['budget', 'unit', 'percent'],
  },
  storeOutages: {
    type: 'counter',
    name: 'assistant_proxy_store_outages_total',
    help: 'Calls that came while the store of budgets was out of reach.',
    labelNames: [],
  },
  outboxPending: {
    type: 'gauge',
    name: 'assistant_proxy_settlements_pending',
    help: 'Charges that the store has not confirmed yet.',
    labelNames: [],
  },
  outboxLost: {
    type: 'counter',
    name: 'assistant_proxy_settlements_lost_total',
    help: 'Charges that were given up. Their holds lapse, and are charged whole.',
    labelNames: [],
  },
  redactions: {
    type: 'counter',
    name: 'assistant_proxy_redactions_total',
    help: 'Pieces of personal data and secrets that were found, by what they are and by what became of them: mask, hash, pseudonymize, block, observe. In an answer each is counted once.',
    labelNames: ['entity', 'operation', 'mode'],
  },
  redactionOptOuts: {
    type: 'counter',
    name: 'assistant_proxy_redaction_opt_outs_total',
    help: 'Calls that were not redacted because they asked for that, and redaction.optOut allows it.',
    labelNames: ['operation'],
  },
  redactionFailures: {
    type: 'counter',
    name: 'assistant_proxy_redaction_failures_total',
    help: 'What kept redaction from its work: analyzer_timeout, analyzer_unreachable and analyzer_answer (no success, or nothing that makes sense), counted also where a call goes on without; store (originals could not be kept or read); answer_size (an answer was too large to be held); internal.',
    labelNames: ['reason'],
  },
  upstreamLimit: {
    type: 'gauge',
    name: 'assistant_proxy_upstream_ratelimit_limit',
    help: 'What the upstream last said of its own limits (x-ratelimit-limit-*).',
    labelNames: ['upstream', 'model', 'kind'],
  },
  upstreamRemaining: {
    type: 'gauge',
    name: 'assistant_proxy_upstream_ratelimit_remaining',
    help: 'What the upstream last said to be left of its own limits (x-ratelimit-remaining-*).',
    labelNames: ['upstream', 'model', 'kind'],
  },
  upstreamPacing: {
    type: 'counter',
    name: 'assistant_proxy_upstream_pacing_seconds_total',
    help: "How long calls waited so that the upstream's own limits are not hit.",
    labelNames: ['upstream', 'model'],
  },
  retries: {
    type: 'counter',
    name: 'assistant_proxy_retries_total',
    help: 'Calls sent again, by the upstream that they were sent to and by what went wrong before: unsent (no connection), refused (not run, says the upstream), exhausted (its quota), failed (it tried), unclear (it may have run, and may so often, or did not, says the upstream).',
    labelNames: ['upstream', 'failure'],
  },
  retriesWithheld: {
    type: 'counter',
    name: 'assistant_proxy_retries_withheld_total',
    help: 'Calls that failed and were not sent again: final (would not help), unclear (it may have run), attempts (enough), budget (too many retries lately), wait (the upstream asks for too long a pause), time (that of the caller is over).',
    labelNames: ['why'],
  },
  circuitState: {
    type: 'gauge',
    name: 'assistant_proxy_circuit_state',
    help: 'The circuit of an upstream: 0 closed, 1 half open, 2 open.',
    labelNames: ['upstream'],
  },
  circuitOpenings: {
    type: 'counter',
    name: 'assistant_proxy_circuit_openings_total',
    help: 'How often the circuit of an upstream has opened.',
    labelNames: ['upstream'],
  },
  upstreamRunning: {
    type: 'gauge',
    name: 'assistant_proxy_upstream_calls_running',
    help: 'Calls that an upstream works on.',
    labelNames: ['upstream'],
  },
  upstreamWaiting: {
    type: 'gauge',
    name: 'assistant_proxy_upstream_calls_waiting',
    help: 'Calls that wait for one of those to end.',
    labelNames: ['upstream'],
  },
} as const satisfies Record<string, MetricDefinition>;

import { type MetricDefinition, callBuckets } from './metric-definition.ts';

/** Upstreams, by the names that the configuration gives them: the first one is `primary`. */
export const upstreamDefinitions = {
  upstreamAttempts: {
    type: 'counter',
    name: 'assistant_proxy_upstream_attempts_total',
    help: 'Single attempts of calls, by how the answer began: ok, client_error (4xx), rate_limited (429), server_error (5xx, or told in a stream), unreachable (no connection, or none that held until an answer), timeout, aborted (the caller left, or its time was over).',
    labelNames: ['upstream', 'result'],
  },
  upstreamDuration: {
    type: 'histogram',
    name: 'assistant_proxy_upstream_duration_seconds',
    help: 'How long an attempt took until the answer began, or until it was clear that none would.',
    labelNames: ['upstream'],
    buckets: callBuckets,
  },
  upstreamCertificateExpiry: {
    type: 'gauge',
    name: 'assistant_proxy_upstream_certificate_expiry_timestamp_seconds',
    help: 'When the certificate that an https upstream showed last expires, in Unix seconds.',
    labelNames: ['upstream'],
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
  retryBudgetLeft: {
    type: 'gauge',
    name: 'assistant_proxy_retry_budget_left',
    help: 'How many more calls may be sent again now.',
    labelNames: [],
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

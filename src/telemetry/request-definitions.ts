import { type MetricDefinition, callBuckets, quickBuckets } from './metric-definition.ts';

/** Requests as the application sees them. */
export const requestDefinitions = {
  requests: {
    type: 'counter',
    name: 'assistant_proxy_requests_total',
    help: 'Requests by how they ended: complete, aborted (the caller left), cut (the upstream broke off), refused (answered by the sidecar itself).',
    labelNames: ['operation', 'status', 'ending', 'team', 'app'],
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
    buckets: callBuckets,
  },
  timeToFirstByte: {
    type: 'histogram',
    name: 'assistant_proxy_time_to_first_byte_seconds',
    help: 'From the headers of the request to the first byte of the body of the answer.',
    labelNames: ['operation'],
    buckets: callBuckets,
  },
  overhead: {
    type: 'histogram',
    name: 'assistant_proxy_overhead_seconds',
    help: 'What the sidecar added to calls that it sent upstream: all of their time but that of waiting for the upstream, for the caller, for a turn and for another attempt.',
    labelNames: ['operation'],
    buckets: quickBuckets,
  },
  queueTime: {
    type: 'histogram',
    name: 'assistant_proxy_queue_seconds',
    help: "How long calls waited that had to: for a limit of the configuration (limit), for one of the upstream's places (upstream), for the upstream's own rate limit (pacing).",
    labelNames: ['queue'],
    buckets: callBuckets,
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
  idempotent: {
    type: 'counter',
    name: 'assistant_proxy_idempotent_requests_total',
    help: 'POSTs with an Idempotency-Key by what became of them: begun (the first of its key), replayed (got the answer of the first), waited (the same, once that had ended), conflict (asked for something else), abandoned (nobody knows whether the first has run), left (the caller did not wait), refused (a key that is none, or no store).',
    labelNames: ['result'],
  },
} as const satisfies Record<string, MetricDefinition>;

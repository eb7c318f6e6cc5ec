import { type MetricDefinition, quickBuckets } from './metric-definition.ts';

/** The sidecar itself, and the stores that it rests on. */
export const processDefinitions = {
  storeDuration: {
    type: 'histogram',
    name: 'assistant_proxy_store_duration_seconds',
    help: 'How long a step of a store took, also one that failed. The stores are ledger, assistants, answers (of idempotent calls) and vault (originals of redacted texts).',
    labelNames: ['store', 'step'],
    buckets: quickBuckets,
  },
  storeErrors: {
    type: 'counter',
    name: 'assistant_proxy_store_errors_total',
    help: 'Steps of a store that failed.',
    labelNames: ['store'],
  },
  storeUp: {
    type: 'gauge',
    name: 'assistant_proxy_store_up',
    help: 'Whether the last step of a store went well: 1 or 0. Stores that are not in use are not told.',
    labelNames: ['store'],
  },
  telemetryDropped: {
    type: 'counter',
    name: 'assistant_proxy_telemetry_dropped_total',
    help: 'What nobody took in time, and was dropped so that no request waits: log, span, webhook.',
    labelNames: ['signal'],
    seldom: [['log'], ['span'], ['webhook']],
  },
  eventLoopDelay: {
    type: 'gauge',
    name: 'assistant_proxy_event_loop_delay_seconds',
    help: 'How late the event loop came to what was due, since the last scrape.',
    labelNames: ['percentile'],
  },
  buildInfo: {
    type: 'gauge',
    name: 'assistant_proxy_build_info',
    help: 'Always 1, with the version that runs.',
    labelNames: ['version'],
  },
  cpu: {
    type: 'counter',
    name: 'process_cpu_seconds_total',
    help: 'Time that the processor spent, user and system.',
    labelNames: [],
  },
  residentMemory: {
    type: 'gauge',
    name: 'process_resident_memory_bytes',
    help: 'Memory that the process takes.',
    labelNames: [],
  },
  startTime: {
    type: 'gauge',
    name: 'process_start_time_seconds',
    help: 'When the process was started, in Unix seconds.',
    labelNames: [],
  },
  openFileDescriptors: {
    type: 'gauge',
    name: 'process_open_fds',
    help: 'File descriptors that are open, sockets among them.',
    labelNames: [],
  },
  heapUsed: {
    type: 'gauge',
    name: 'nodejs_heap_size_used_bytes',
    help: 'What of the heap of JavaScript is in use.',
    labelNames: [],
  },
  heapTotal: {
    type: 'gauge',
    name: 'nodejs_heap_size_total_bytes',
    help: 'The whole heap of JavaScript.',
    labelNames: [],
  },
  garbageCollection: {
    type: 'histogram',
    name: 'nodejs_gc_duration_seconds',
    help: 'Garbage collections, by their kind: major, minor, incremental, weakcb.',
    labelNames: ['kind'],
    buckets: [0.001, 0.01, 0.1, 1, 2, 5],
  },
} as const satisfies Record<string, MetricDefinition>;

import type { MetricDefinition } from './metric-definition.ts';

/** Runs of the Assistants API, where it is served here. */
export const runDefinitions = {
  runs: {
    type: 'gauge',
    name: 'assistant_proxy_runs',
    help: 'Runs that this pod carries on, by their status. One that waits for its application is carried on by nobody.',
    labelNames: ['status'],
  },
  runOldestAge: {
    type: 'gauge',
    name: 'assistant_proxy_run_oldest_age_seconds',
    help: 'Time since the oldest of these runs was created.',
    labelNames: ['status'],
  },
  runsEnded: {
    type: 'counter',
    name: 'assistant_proxy_runs_ended_total',
    help: 'Runs that have ended on this pod, by the status that they ended in.',
    labelNames: ['status'],
    seldom: [['completed'], ['incomplete'], ['failed'], ['expired'], ['cancelled']],
  },
  runDuration: {
    type: 'histogram',
    name: 'assistant_proxy_run_duration_seconds',
    help: 'From the creation of a run to its end, the time included in which it waited for its application.',
    labelNames: ['status'],
    buckets: [0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800],
  },
  runsAdopted: {
    type: 'counter',
    name: 'assistant_proxy_runs_adopted_total',
    help: 'Runs taken over from a pod that died.',
    labelNames: [],
  },
} as const satisfies Record<string, MetricDefinition>;

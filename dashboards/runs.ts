import * as units from '@grafana/grafana-foundation-sdk/units';

import { steps } from './vocabulary/colours.ts';
import { dashboard, figures, row } from './vocabulary/dashboard.ts';
import { areas, figure, lines, total } from './vocabulary/panels.ts';
import { gauge, increase, max, orZero, pod, podLegend, quantile, rate, sum } from './vocabulary/promql.ts';
import { spread } from './vocabulary/query-sets.ts';

const assistantsOperations = 'operation=~"(assistants|threads)[.].*"';
const ended = (matchers = '') => increase('assistant_proxy_runs_ended_total', [], matchers);

/** Of runs that are over. */
const endings = {
  completed: 'good',
  incomplete: 'held',
  failed: 'bad',
  expired: 'bad',
  cancelled: 'faint',
} as const;

export const runs = dashboard({
  name: 'runs',
  title: 'Runs',
  description: 'Runs of the Assistants API that the sidecars carry on, and the store that keeps them.',
  rows: [
    figures(
      'Right now',
      figure({
        title: 'Runs under way',
        description: 'Queued, in progress or being cancelled, in all pods.',
        unit: units.Short,
        queries: [{ expr: sum([], gauge('assistant_proxy_runs')), legend: 'runs' }],
      }),
      figure({
        title: 'Oldest run',
        description: 'A run expires when it is ten minutes old. One that is older is stuck.',
        unit: units.Seconds,
        queries: [{ expr: max([], gauge('assistant_proxy_run_oldest_age_seconds')), legend: 'age' }],
        thresholds: steps(300, 600),
        runbook: 'AssistantProxyRunsStuck',
      }),
      total({
        title: 'Runs ended',
        description: 'In the time shown, however they ended.',
        unit: units.Short,
        queries: [{ expr: ended(), legend: 'ended' }],
      }),
      total({
        title: 'Failed or expired',
        description:
          'The share of the runs that ended in the time shown. last_error of such a run says why: a budget, the upstream, or the sidecar.',
        unit: units.PercentUnit,
        decimals: 1,
        queries: [
          { expr: `(${ended('status=~"failed|expired"')} or ${ended()} * 0) / ${ended()}`, legend: 'failed' },
        ],
        thresholds: steps(0.02, 0.1),
      }),
      figure({
        title: 'Duration, 95 %',
        description:
          'From the creation of a run to its end, the time included in which it waited for its application.',
        unit: units.Seconds,
        queries: [{ expr: quantile(0.95, 'assistant_proxy_run_duration_seconds'), legend: '95 %' }],
      }),
      total({
        title: 'Taken over',
        description:
          'Runs of the time shown that a pod took over from one that died. If it is often, look for what kills pods.',
        unit: units.Short,
        queries: [{ expr: orZero(increase('assistant_proxy_runs_adopted_total')), legend: 'taken over' }],
        thresholds: steps(1, 100),
        runbook: 'AssistantProxyRestarts',
      }),
    ),
    row(
      'Runs',
      areas({
        title: 'Under way, by status',
        description: 'Many in queued: the pods can not keep up. Many in cancelling: models do not stop.',
        unit: units.Short,
        queries: [{ expr: sum(['status'], gauge('assistant_proxy_runs')), legend: '{{status}}' }],
        meanings: { queued: 'faint', in_progress: 'plain', cancelling: 'held' },
      }),
      lines({
        title: 'Age of the oldest, by status',
        description: 'Above ten minutes a run is stuck: its thread is locked, and its application waits.',
        unit: units.Seconds,
        queries: [
          { expr: max(['status'], gauge('assistant_proxy_run_oldest_age_seconds')), legend: '{{status}}' },
        ],
        thresholds: steps(300, 600),
        meanings: { queued: 'faint', in_progress: 'plain', cancelling: 'held' },
        runbook: 'AssistantProxyRunsStuck',
      }),
      areas({
        title: 'Ended, by how',
        description:
          'incomplete: a cap on tokens was reached. expired: nobody brought the outputs of its tools within ten minutes. failed: see last_error of the run.',
        unit: units.CountsPerSecond,
        queries: [{ expr: rate('assistant_proxy_runs_ended_total', ['status']), legend: '{{status}}' }],
        meanings: endings,
      }),
    ),
    row(
      'How long they take',
      lines({
        title: 'Duration of runs',
        description: 'From creation to end. Dots lead to traces, which show what a run waited for.',
        unit: units.Seconds,
        ...spread('assistant_proxy_run_duration_seconds', 0.95),
      }),
      lines({
        title: 'Duration by how they ended, 95 %',
        description: 'Failed runs that took long had model calls that hung.',
        unit: units.Seconds,
        queries: [
          { expr: quantile(0.95, 'assistant_proxy_run_duration_seconds', ['status']), legend: '{{status}}' },
        ],
        meanings: endings,
      }),
      lines({
        title: 'Carried on, by pod',
        description: 'Runs stay with the pod that began them, so that busy applications have busy pods.',
        unit: units.Short,
        queries: [{ expr: sum(pod, gauge('assistant_proxy_runs')), legend: podLegend }],
      }),
    ),
    row(
      'The Assistants API',
      areas({
        title: 'Calls by operation',
        description:
          'What applications ask of assistants, threads and runs. Many runs.retrieve are pollers: a stream is cheaper.',
        unit: units.RequestsPerSecond,
        queries: [
          {
            expr: rate('assistant_proxy_requests_total', ['operation'], assistantsOperations),
            legend: '{{operation}}',
          },
        ],
      }),
      areas({
        title: 'Refused',
        description:
          'By the code of the error. thread_locked: an application adds to a thread while a run is active.',
        unit: units.RequestsPerSecond,
        queries: [
          {
            expr: rate('assistant_proxy_refusals_total', ['code'], assistantsOperations),
            legend: '{{code}}',
          },
        ],
      }),
      lines({
        title: 'Duration of calls, 95 %',
        description: 'Of calls that are no streams it is the store that takes the time.',
        unit: units.Seconds,
        queries: [
          {
            expr: quantile(
              0.95,
              'assistant_proxy_request_duration_seconds',
              ['operation'],
              assistantsOperations,
            ),
            legend: '{{operation}}',
            exemplars: true,
          },
        ],
      }),
    ),
    row(
      'Where they are kept',
      lines({
        title: 'Steps of the store, 95 %',
        description:
          'How long the store of assistants takes for each kind of step. Redis takes about a millisecond.',
        unit: units.Seconds,
        width: 16,
        queries: [
          {
            expr: quantile(0.95, 'assistant_proxy_store_duration_seconds', ['step'], 'store="assistants"'),
            legend: '{{step}}',
          },
        ],
        runbook: 'AssistantProxyStoreDown',
      }),
      lines({
        title: 'Taken over from pods that died',
        description:
          'Runs in each second. They go on, or end as failed with server_error; no model call is made twice.',
        unit: units.CountsPerSecond,
        width: 8,
        queries: [{ expr: rate('assistant_proxy_runs_adopted_total'), legend: 'taken over' }],
        meanings: { 'taken over': 'held' },
        runbook: 'AssistantProxyRestarts',
      }),
    ),
  ],
});

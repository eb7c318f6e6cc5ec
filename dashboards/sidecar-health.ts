import * as units from '@grafana/grafana-foundation-sdk/units';

import { errorBudget } from '../alerts/availability.ts';
import { atMost, steps } from './vocabulary/colours.ts';
import { dashboard, figures, row } from './vocabulary/dashboard.ts';
import { ownErrorShare } from './vocabulary/health.ts';
import { refusedNames, upNames } from './vocabulary/names.ts';
import { areas, bars, figure, lines, states, total } from './vocabulary/panels.ts';
import {
  gauge,
  increase,
  max,
  observed,
  orZero,
  pod,
  podLegend,
  quantile,
  rate,
  sum,
} from './vocabulary/promql.ts';

export const sidecarHealth = dashboard({
  name: 'sidecar-health',
  title: 'Sidecar health',
  description: 'The processes themselves, and the stores that they rest on.',
  rows: [
    figures(
      'Right now',
      figure({
        title: 'Sidecars',
        description: 'Processes that Prometheus reaches.',
        unit: units.Short,
        queries: [{ expr: `count(${gauge('assistant_proxy_build_info')})`, legend: 'sidecars' }],
      }),
      total({
        title: 'Restarts',
        description: 'Of containers in pods that stayed, in the time shown.',
        unit: units.Short,
        queries: [
          {
            expr: `sum(changes(process_start_time_seconds{namespace=~"$namespace"}[$__range]) and on (job, instance) ${gauge('assistant_proxy_build_info')})`,
            legend: 'restarts',
          },
        ],
        thresholds: steps(1, 3),
        runbook: 'AssistantProxyRestarts',
      }),
      figure({
        title: 'Error budget burns',
        description:
          'How many times as fast as it may: at 1 the errors of a month (0.1 % of the calls) last for a month; from 14.4 for an hour somebody is woken.',
        unit: units.Short,
        decimals: 1,
        queries: [{ expr: `${ownErrorShare('1h')} / ${errorBudget}`, legend: 'times' }],
        thresholds: steps(1, 14.4),
        runbook: 'AssistantProxyErrorBudgetBurnsFast',
      }),
      figure({
        title: 'Event loop delay, 99 %',
        description:
          'In the pod that is worst off. Tens of milliseconds and more are felt by every call: it lacks CPU.',
        unit: units.Seconds,
        queries: [
          {
            expr: max([], gauge('assistant_proxy_event_loop_delay_seconds', 'percentile="99"')),
            legend: '99 %',
          },
        ],
        thresholds: steps(0.05, 0.2),
      }),
      figure({
        title: 'Memory',
        description: 'Of the largest process. Compare with the limit of the container.',
        unit: units.BytesIEC,
        queries: [{ expr: max([], gauge('process_resident_memory_bytes')), legend: 'resident' }],
      }),
      figure({
        title: 'Stores out of reach',
        description: 'Kinds of stores that at least one sidecar could not reach when it last asked.',
        unit: units.Short,
        queries: [
          {
            expr: orZero(`count(min by (store) (${gauge('assistant_proxy_store_up')}) == 0)`),
            legend: 'stores',
          },
        ],
        thresholds: atMost(1),
        runbook: 'AssistantProxyStoreDown',
      }),
    ),
    row(
      'Its own errors',
      lines({
        title: 'Error budget burn',
        description:
          'How many times as fast as a month allows, over five minutes and over an hour. An alert fires while both are above 14.4.',
        unit: units.Short,
        queries: [
          { expr: `${ownErrorShare('5m')} / ${errorBudget}`, legend: '5 minutes' },
          { expr: `${ownErrorShare('1h')} / ${errorBudget}`, legend: '1 hour' },
        ],
        thresholds: steps(1, 14.4),
        meanings: { '5 minutes': 'plain', '1 hour': 'second' },
        runbook: 'AssistantProxyErrorBudgetBurnsFast',
      }),
      areas({
        title: 'Own errors, by code',
        description:
          'store_unavailable: look at the stores below. redaction_failed: look at the dashboard of redaction. internal_error: the log has its stack under the request id.',
        unit: units.RequestsPerSecond,
        queries: [
          {
            expr: rate(
              'assistant_proxy_refusals_total',
              ['code'],
              'code=~"internal_error|store_unavailable|redaction_failed|overloaded"',
            ),
            legend: '{{code}}',
          },
        ],
        meanings: {
          internal_error: 'bad',
          store_unavailable: 'held',
          redaction_failed: 'second',
          overloaded: 'plain',
        },
        runbook: 'AssistantProxyErrorBudgetBurnsFast',
      }),
      lines({
        title: 'Overhead by operation, 99 %',
        description: 'What the sidecar adds itself, waiting for the upstream and in queues left out.',
        unit: units.Seconds,
        queries: [
          {
            expr: quantile(0.99, 'assistant_proxy_overhead_seconds', ['operation']),
            legend: '{{operation}}',
            exemplars: true,
          },
        ],
      }),
    ),
    row(
      'Stores',
      states({
        title: 'Stores',
        description: 'As the sidecar that is worst off saw them when it last asked.',
        unit: units.Short,
        queries: [{ expr: `min by (store) (${gauge('assistant_proxy_store_up')})`, legend: '{{store}}' }],
        names: upNames,
        runbook: 'AssistantProxyStoreDown',
      }),
      lines({
        title: 'Duration of steps, 95 %',
        description:
          'Of each store. The ledger is asked once before a call and once behind it; above store.timeoutMs it counts as away.',
        unit: units.Seconds,
        queries: [
          { expr: quantile(0.95, 'assistant_proxy_store_duration_seconds', ['store']), legend: '{{store}}' },
        ],
        runbook: 'AssistantProxyStoreDown',
      }),
      lines({
        title: 'Errors and outages',
        description:
          'Steps that failed, by store, and calls that came while the store of budgets was out of reach.',
        unit: units.CountsPerSecond,
        queries: [
          { expr: rate('assistant_proxy_store_errors_total', ['store']), legend: '{{store}}' },
          { expr: rate('assistant_proxy_store_outages_total'), legend: 'calls met by an outage' },
        ],
        meanings: { 'calls met by an outage': 'bad' },
        runbook: 'AssistantProxyStoreDown',
      }),
    ),
    row(
      'Holds and charges',
      lines({
        title: 'Holds',
        description: 'Of calls under way. If they grow while calls do not, something hangs.',
        unit: units.Short,
        queries: [{ expr: sum([], gauge('assistant_proxy_holds_live')), legend: 'holds' }],
        meanings: { holds: 'plain' },
        runbook: 'AssistantProxyHoldsPileUp',
      }),
      lines({
        title: 'Age of the oldest hold',
        description: 'By pod. No call should take half an hour.',
        unit: units.Seconds,
        queries: [{ expr: max(pod, gauge('assistant_proxy_hold_oldest_age_seconds')), legend: podLegend }],
        thresholds: atMost(1800),
        runbook: 'AssistantProxyHoldsPileUp',
      }),
      lines({
        title: 'Charges that wait',
        description: 'For the store to take them. They are kept, on disk too, until it does.',
        unit: units.Short,
        queries: [{ expr: sum([], gauge('assistant_proxy_settlements_pending')), legend: 'waiting' }],
        meanings: { waiting: 'held' },
        runbook: 'AssistantProxyStoreDown',
      }),
      areas({
        title: 'Holds swept',
        description:
          'lapsed: their owner is gone, charged whole. told: the upstream said what it used. gone: it knows nothing of it, charged whole.',
        unit: units.CountsPerSecond,
        width: 8,
        queries: [{ expr: rate('assistant_proxy_holds_swept_total', ['result']), legend: '{{result}}' }],
        meanings: { told: 'good', lapsed: 'held', gone: 'bad' },
      }),
      bars({
        title: 'Charges lost',
        description: 'Given up in the time shown. Their holds lapse, and are charged whole.',
        unit: units.Short,
        width: 8,
        queries: [{ expr: increase('assistant_proxy_settlements_lost_total'), legend: 'lost' }],
        thresholds: atMost(1),
        runbook: 'AssistantProxySettlementsLost',
      }),
      areas({
        title: 'Telemetry dropped',
        description: 'Log lines, spans and webhook calls that nobody took. Calls never wait for them.',
        unit: units.CountsPerSecond,
        width: 8,
        queries: [
          { expr: rate('assistant_proxy_telemetry_dropped_total', ['signal']), legend: '{{signal}}' },
        ],
        meanings: { log: 'plain', span: 'second', webhook: 'held' },
        runbook: 'AssistantProxyTelemetryDropped',
      }),
    ),
    row(
      'Processes',
      lines({
        title: 'CPU',
        description:
          'Cores, by pod. One that stays near one core is as fast as it gets: the event loop has one thread.',
        unit: units.Short,
        queries: [{ expr: rate('process_cpu_seconds_total', pod), legend: podLegend }],
        thresholds: atMost(0.9),
      }),
      lines({
        title: 'Memory, by pod',
        description: 'Resident, as the kernel counts it for the limit of the container.',
        unit: units.BytesIEC,
        queries: [{ expr: max(pod, gauge('process_resident_memory_bytes')), legend: podLegend }],
      }),
      lines({
        title: 'Heap, by pod',
        description: 'Used by objects. If its lows rise for hours, it leaks: report it with a heap snapshot.',
        unit: units.BytesIEC,
        queries: [{ expr: max(pod, gauge('nodejs_heap_size_used_bytes')), legend: podLegend }],
      }),
      lines({
        title: 'Event loop delay',
        description: 'Of the pod that is worst off, since the last scrape.',
        unit: units.Seconds,
        width: 8,
        queries: [
          {
            expr: max(['percentile'], gauge('assistant_proxy_event_loop_delay_seconds')),
            legend: '{{percentile}} %',
          },
        ],
        meanings: { '50 %': 'good', '99 %': 'held', '100 %': 'bad' },
      }),
      lines({
        title: 'Time in garbage collection',
        description: 'Seconds in each second, by kind. A tenth and more says that memory is short.',
        unit: units.PercentUnit,
        width: 8,
        queries: [{ expr: observed('nodejs_gc_duration_seconds', ['kind']), legend: '{{kind}}' }],
      }),
      lines({
        title: 'Open files',
        description: 'Connections are files, too. It should follow the calls under way.',
        unit: units.Short,
        width: 8,
        queries: [{ expr: max(pod, gauge('process_open_fds')), legend: podLegend }],
      }),
    ),
    row(
      'Configuration',
      states({
        title: 'Configuration',
        description:
          'Of the sidecar that is worst off. Refused: its file was changed and something is wrong, so the former one stays in effect; the log says what.',
        unit: units.Short,
        width: 6,
        queries: [{ expr: max([], gauge('assistant_proxy_config_refused')), legend: 'configuration' }],
        names: refusedNames,
        runbook: 'AssistantProxyConfigRefused',
      }),
      bars({
        title: 'Changes',
        description: 'Of the configuration file, by what became of them, in the time shown; each pod counts.',
        unit: units.Short,
        width: 6,
        queries: [
          { expr: increase('assistant_proxy_config_changes_total', ['result']), legend: '{{result}}' },
        ],
        meanings: { applied: 'good', refused: 'bad' },
        runbook: 'AssistantProxyConfigRefused',
      }),
      lines({
        title: 'Keys that wait',
        description: 'Changed in the file, and in effect from the next start only. By pod.',
        unit: units.Short,
        width: 6,
        queries: [{ expr: max(pod, gauge('assistant_proxy_config_waiting_keys')), legend: podLegend }],
      }),
      lines({
        title: 'In effect for',
        description:
          'How long each pod has had its configuration. Those that lag behind have not seen the last change.',
        unit: units.Seconds,
        width: 6,
        queries: [
          {
            expr: `time() - ${max(pod, gauge('assistant_proxy_config_enacted_timestamp_seconds'))}`,
            legend: podLegend,
          },
        ],
      }),
    ),
    row(
      'What passes',
      lines({
        title: 'Under way',
        description: 'Requests that have begun and not ended, by pod.',
        unit: units.Short,
        queries: [{ expr: sum(pod, gauge('assistant_proxy_requests_in_flight')), legend: podLegend }],
      }),
      lines({
        title: 'Bytes',
        description: 'Of bodies, as declared by callers and as the upstream sent them.',
        unit: units.BytesPerSecondIEC,
        queries: [
          { expr: rate('assistant_proxy_request_body_bytes_total'), legend: 'requests' },
          { expr: rate('assistant_proxy_response_body_bytes_total'), legend: 'answers' },
        ],
        meanings: { requests: 'plain', answers: 'second' },
      }),
      bars({
        title: 'Versions',
        description: 'Sidecars by version. More than one for long says that a roll-out hangs.',
        unit: units.Short,
        queries: [
          { expr: `count by (version) (${gauge('assistant_proxy_build_info')})`, legend: '{{version}}' },
        ],
      }),
    ),
  ],
});

import { type RuleGroup, grown } from './vocabulary/rules.ts';

/** What the sidecar answers of its own fault; what an upstream or a budget is the reason of does not count. */
export const ownFaults = 'internal_error|store_unavailable|redaction_failed';

/** Of 1,000 calls one may meet such an error, over 30 days. */
export const errorBudget = 0.001;

const errors = (window: string) => `namespace:assistant_proxy_own_errors:ratio_rate${window}`;
const burns = (window: string, times: number) => `${errors(window)} > ${times} * ${errorBudget}`;

export const availability = {
  name: 'availability',
  recordings: ['5m', '30m', '1h', '2h', '6h', '1d', '3d'].map((window) => ({
    record: errors(window),
    expr:
      `sum by (namespace) (rate(assistant_proxy_refusals_total{code=~"${ownFaults}"}[${window}]))` +
      ` / sum by (namespace) (rate(assistant_proxy_requests_total[${window}]))`,
  })),
  alerts: {
    AssistantProxyErrorBudgetBurnsFast: {
      expr: `(${burns('1h', 14.4)} and ${burns('5m', 14.4)}) or (${burns('6h', 6)} and ${burns('30m', 6)})`,
      holdsFor: '2m',
      severity: 'critical',
      summary:
        '{{ $value | humanizePercentage }} of the calls{{ with $labels.namespace }} in {{ . }}{{ end }} fail by fault of the sidecar',
      description:
        'At this pace the errors that a month may have (0.1 % of the calls) are used up within days. Look at the codes of the refusals: store_unavailable, redaction_failed and internal_error each have another reason.',
    },
    AssistantProxyErrorBudgetBurnsSlowly: {
      expr: `(${burns('1d', 3)} and ${burns('2h', 3)}) or (${burns('3d', 1)} and ${burns('6h', 1)})`,
      holdsFor: '15m',
      severity: 'warning',
      summary:
        '{{ $value | humanizePercentage }} of the calls{{ with $labels.namespace }} in {{ . }}{{ end }} fail by fault of the sidecar, and have for hours',
      description:
        'At this pace the errors that a month may have (0.1 % of the calls) are used up before it ends. Look at the codes of the refusals.',
    },
    AssistantProxyRestarts: {
      expr: 'sum by (namespace, pod, instance) (changes(process_start_time_seconds[30m]) and on (job, instance) assistant_proxy_build_info) > 2',
      severity: 'warning',
      summary:
        'The sidecar of {{ or $labels.pod $labels.instance }} has restarted {{ $value }} times in half an hour',
      description:
        'Each time it cuts what runs, unless it could drain. Look at the last state of the container: out of memory, a failing probe, or a configuration that it refuses.',
    },
    AssistantProxyConfigRefused: {
      expr: 'count by (namespace) (assistant_proxy_config_refused == 1)',
      holdsFor: '2m',
      severity: 'warning',
      summary:
        'The changed configuration is refused by {{ $value }} sidecars{{ with $labels.namespace }} in {{ . }}{{ end }}',
      description:
        'They go on with the one that they had before, and would not start with this one. The log says what is wrong (configuration_refused), and so does the console.',
    },
    AssistantProxyStoreDown: {
      expr: 'count by (namespace, store) (assistant_proxy_store_up == 0)',
      holdsFor: '1m',
      severity: 'critical',
      summary: 'The store of {{ $labels.store }} is out of reach of {{ $value }} sidecars',
      description:
        'Budgets can not be asked, and runs not be kept: calls are refused with 503 store_unavailable, unless onStoreOutage is allow. Look at Redis first.',
    },
    AssistantProxyHoldsPileUp: {
      expr: 'max by (namespace, pod, instance) (assistant_proxy_hold_oldest_age_seconds) > 1800',
      holdsFor: '5m',
      severity: 'warning',
      summary: 'A hold of {{ or $labels.pod $labels.instance }} is {{ $value | humanizeDuration }} old',
      description:
        'No call should take so long. What is held can not be spent by others, so that calls may be refused while there is budget left. Look for calls that hang, and for charges that the store does not take.',
    },
    AssistantProxySettlementsLost: {
      expr: grown('assistant_proxy_settlements_lost_total', '15m', ['namespace', 'pod', 'instance']),
      severity: 'warning',
      summary: '{{ or $labels.pod $labels.instance }} has given up {{ printf "%.0f" $value }} charges',
      description:
        'The holds of those calls lapse and are charged whole, which is more than they cost. The log has the reason: the store was away for so long that too many waited, or a fault of the sidecar.',
    },
    AssistantProxyTelemetryDropped: {
      expr: grown('assistant_proxy_telemetry_dropped_total', '15m', ['namespace', 'signal']),
      holdsFor: '5m',
      severity: 'warning',
      summary:
        '{{ printf "%.0f" $value }} items of the signal {{ $labels.signal }}{{ with $labels.namespace }} in {{ . }}{{ end }} were dropped',
      description:
        'Calls are served as always, but what was told of some is missing. Look at who receives it: the collector (span), the webhook, or whoever reads standard output (log).',
    },
  },
} as const satisfies RuleGroup;

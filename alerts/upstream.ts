import type { RuleGroup } from './vocabulary/rules.ts';

const attempts = 'assistant_proxy_upstream_attempts_total';
const failures = 'upstream:assistant_proxy_upstream_failures:ratio_rate5m';

export const upstream = {
  name: 'upstream',
  recordings: [
    {
      record: failures,
      expr:
        `sum by (namespace, upstream) (rate(${attempts}{result=~"server_error|unreachable|timeout"}[5m]))` +
        ` / sum by (namespace, upstream) (rate(${attempts}[5m]))`,
    },
  ],
  alerts: {
    AssistantProxyUpstreamBrownOut: {
      // Of fewer than three calls a minute a share says little.
      expr: `${failures} > 0.1 and sum by (namespace, upstream) (rate(${attempts}[5m])) > 0.05`,
      holdsFor: '5m',
      severity: 'warning',
      summary: '{{ $value | humanizePercentage }} of the attempts at upstream {{ $labels.upstream }} fail',
      description:
        'It answers with errors or not at all. What did not run is sent again, within the retry budget; the rest the callers see. Look at its status page, and consider a fallback.',
    },
    AssistantProxyCircuitOpen: {
      // An open circuit is half open for the moment of each probe.
      expr: 'max by (namespace, upstream) (max_over_time(assistant_proxy_circuit_state[1m])) == 2',
      holdsFor: '2m',
      severity: 'critical',
      summary: 'The circuit of upstream {{ $labels.upstream }} is open',
      description:
        'It failed or was slow so often that nothing is sent to it but a probe now and then. Without a fallback its callers get 503 circuit_open.',
    },
    AssistantProxyUpstreamCertificateExpires: {
      expr: `min by (namespace, upstream) (assistant_proxy_upstream_certificate_expiry_timestamp_seconds) - time() < ${14 * 86_400}`,
      holdsFor: '1h',
      severity: 'warning',
      summary:
        'The certificate of upstream {{ $labels.upstream }} expires in {{ $value | humanizeDuration }}',
      description:
        'From then on every call to it fails with 502 upstream_unreachable. Tell whoever runs it: it may be a gateway of your own.',
    },
    AssistantProxyProviderDrift: {
      expr: 'max by (namespace, unit) (abs(assistant_proxy_provider_drift_ratio)) > 0.05',
      holdsFor: '1h',
      severity: 'warning',
      summary:
        'The provider counts {{ $value | humanizePercentage }} more or less {{ $labels.unit }} than the ledger',
      description:
        'Somebody spends past the sidecar, a price has changed, or calls are charged by estimate. Budgets are as wrong as this says.',
    },
  },
} as const satisfies RuleGroup;

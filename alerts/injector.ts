import { type RuleGroup, grown } from './vocabulary/rules.ts';

const starts = 'assistant_proxy_injector_certificate_start_timestamp_seconds';
const expires = 'assistant_proxy_injector_certificate_expiry_timestamp_seconds';

/** The chart's two webhooks, as the API server calls them in its own metrics. */
const webhooks = 'name=~"(namespaces|pods)[.]assistant-proxy[.]io"';

export const injector = {
  name: 'injector',
  recordings: [],
  alerts: {
    AssistantProxyPodsUngoverned: {
      expr: grown(`apiserver_admission_webhook_fail_open_count{${webhooks}}`, '15m', ['name']),
      severity: 'critical',
      summary:
        'The API server has let {{ printf "%.0f" $value }} pods pass without a sidecar, as {{ $labels.name }} did not answer',
      description:
        'With failurePolicy Ignore they start, and call the provider past budgets and redaction. Bring the injector back, then restart what has started meanwhile.',
    },
    AssistantProxyPodsRefused: {
      // Of those that the injector itself refuses, with onError deny, its own metrics tell.
      expr: grown(`apiserver_admission_webhook_rejection_count{${webhooks}, error_type!="no_error"}`, '15m', [
        'name',
        'error_type',
      ]),
      severity: 'critical',
      summary:
        'The API server has refused {{ printf "%.0f" $value }} pods, as it could not ask {{ $labels.name }}: {{ $labels.error_type }}',
      description:
        'With failurePolicy Fail no pod that gets a sidecar can start: deployments, evictions and restarts of nodes hang. Bring the injector back.',
    },
    AssistantProxyInjectorDown: {
      // What has never been scraped can not be missed, but for a target that the Prometheus operator knows.
      expr:
        `(group by (namespace) (last_over_time(${expires}[1d]))` +
        ' or group by (namespace) (up{container="injector", endpoint="ap-admin"}))' +
        ` unless group by (namespace) (${expires} > time())`,
      holdsFor: '2m',
      severity: 'critical',
      summary: 'No injector{{ with $labels.namespace }} in {{ . }}{{ end }} can answer',
      description:
        'None is up with a certificate that is good. New pods start without a sidecar, or with failurePolicy Fail do not start at all.',
    },
    AssistantProxyInjectorSlow: {
      // It takes milliseconds. The least timeout that Kubernetes takes is a second; the chart's is five.
      expr: `histogram_quantile(0.99, sum by (le, name) (rate(apiserver_admission_webhook_admission_duration_seconds_bucket{${webhooks}}[5m]))) > 1`,
      holdsFor: '10m',
      severity: 'warning',
      summary: 'Of a hundred calls of {{ $labels.name }} one takes more than a second',
      description:
        'Every new pod waits for it, and at injector.webhook.timeoutSeconds the API server gives up. Look at its CPU, and at the network between the API server and it.',
    },
    AssistantProxyInjectorReviewsFail: {
      expr: grown('assistant_proxy_injector_reviews_total{result=~"failed|refused|invalid|error"}', '1h', [
        'namespace',
        'result',
      ]),
      severity: 'warning',
      summary: 'Reviews of pods end as {{ $labels.result }}, {{ printf "%.0f" $value }} times in an hour',
      description:
        'Failed: by a mistake in their annotations, pods started without a sidecar. Refused: for such a mistake they did not start. Invalid and error: it could not review them, and failurePolicy decided.',
    },
    AssistantProxyInjectorCertificateExpires: {
      // It is renewed with a third of its life left, so that half of the time for it is over by then.
      expr: `min by (namespace) ((${expires} > 0) - time() < clamp_max((${expires} - ${starts}) / 6, ${30 * 86_400}))`,
      holdsFor: '1h',
      severity: 'warning',
      summary:
        "The injector's certificate expires in {{ $value | humanizeDuration }}, and has not been renewed",
      description:
        'From then on the API server does not believe it, and pods start without a sidecar, or not at all. Look at who renews it: the injector that leads, cert-manager, or you.',
    },
    AssistantProxyInjectorCertificateFails: {
      // Every ten seconds it is tried; what failed once has succeeded long since.
      expr: grown('assistant_proxy_injector_certificate_failures_total', '5m', ['namespace']),
      holdsFor: '15m',
      severity: 'warning',
      summary:
        'The injector\'s certificate can not be looked after: {{ printf "%.0f" $value }} attempts of five minutes have failed',
      description:
        'It is served as long as it is good. But it is not renewed, and the webhook configuration may not have the authority that the API server is to trust.',
    },
    AssistantProxyInjectorLeaderless: {
      expr: 'max by (namespace) (assistant_proxy_injector_leader) == 0',
      holdsFor: '5m',
      severity: 'warning',
      summary: 'No injector{{ with $labels.namespace }} in {{ . }}{{ end }} looks after the certificate',
      description:
        'None of them has got hold of the Lease, which lapses after half a minute. The certificate is served, and not renewed.',
    },
  },
} as const satisfies RuleGroup;

import type { injector } from '../../alerts/injector.ts';
import type { AlertCases } from './alert-case.ts';

const day = 86_400;
const pod = 'namespace="proxy", pod="injector-1"';
const otherPod = 'namespace="proxy", pod="injector-2"';
const namespace = { namespace: 'proxy' };
const name = 'namespaces.assistant-proxy.io';
const apiServer = `job="apiserver", namespace="default", name="${name}", type="admit"`;

const of = (metric: string, labels = pod) => `assistant_proxy_injector_${metric}{${labels}}`;
const reviews = (result: string) => of('reviews_total', `${pod}, result="${result}"`);
const start = of('certificate_start_timestamp_seconds');
const expiry = of('certificate_expiry_timestamp_seconds');
const otherExpiry = of('certificate_expiry_timestamp_seconds', otherPod);
const up = `up{${pod}, container="injector", endpoint="ap-admin"}`;
const failedOpen = `apiserver_admission_webhook_fail_open_count{${apiServer}}`;
const rejections = (type: string) =>
  `apiserver_admission_webhook_rejection_count{${apiServer}, operation="CREATE", error_type="${type}", rejection_code="0"}`;

/** In a minute as many calls more as the text says, of each of the API server's buckets. */
function calls(withinMs: string, within1s: string, all: string): Record<string, string> {
  const bucket = (le: string) =>
    `apiserver_admission_webhook_admission_duration_seconds_bucket{${apiServer}, operation="CREATE", rejected="false", le="${le}"}`;
  return {
    [bucket('0.025')]: withinMs,
    [bucket('1')]: within1s,
    [bucket('2.5')]: all,
    [bucket('10')]: all,
    [bucket('+Inf')]: all,
  };
}

export const injectorAlertCases: Readonly<Record<keyof typeof injector.alerts, AlertCases>> = {
  AssistantProxyPodsUngoverned: {
    fires: {
      when: 'the API server has given up on a webhook for the first time',
      series: { [failedOpen]: '_x3 2+0x20' },
      atMinute: 5,
      labels: { name },
      summary: `The API server has let 2 pods pass without a sidecar, as ${name} did not answer`,
    },
    quiet: {
      when: "that was an hour ago, and somebody else's webhook fails",
      series: {
        [failedOpen]: '2+0x80',
        'apiserver_admission_webhook_fail_open_count{name="vpa.k8s.io", type="admit"}': '0+1x80',
      },
      atMinute: 60,
    },
  },
  AssistantProxyPodsRefused: {
    fires: {
      when: 'nobody answers the API server, which has to ask',
      series: { [rejections('calling_webhook_error')]: '0+0x10 3+0x20' },
      atMinute: 15,
      labels: { name, error_type: 'calling_webhook_error' },
      summary: `The API server has refused 3 pods, as it could not ask ${name}: calling_webhook_error`,
    },
    quiet: {
      when: 'the injector itself refuses pods',
      series: { [rejections('no_error')]: '0+1x30' },
      atMinute: 15,
    },
  },
  AssistantProxyInjectorDown: {
    fires: {
      when: 'one of two is gone, and the certificate of the other has expired',
      series: { [expiry]: `${90 * day}+0x3 stale`, [otherExpiry]: '300+0x20' },
      atMinute: 10,
      labels: namespace,
      summary: 'No injector in proxy can answer',
    },
    firesToo: {
      when: 'one has never come up, and the Prometheus operator knows of it',
      series: { [up]: '0+0x20' },
      atMinute: 10,
      labels: namespace,
      summary: 'No injector in proxy can answer',
    },
    quiet: {
      when: 'one of two is down, and elsewhere there has never been any',
      series: {
        [expiry]: `${90 * day}+0x3 stale`,
        [up]: '1+0x3 0+0x20',
        [otherExpiry]: `${90 * day}+0x20`,
        'up{namespace="shop", container="assistant-proxy", endpoint="ap-admin"}': '0+0x20',
      },
      atMinute: 10,
    },
  },
  AssistantProxyInjectorSlow: {
    fires: {
      when: 'a twentieth of the calls takes seconds',
      series: calls('0+90x30', '0+95x30', '0+100x30'),
      atMinute: 20,
      labels: { name },
      summary: `Of a hundred calls of ${name} one takes more than a second`,
    },
    quiet: {
      when: 'they take a moment, and single ones a second, and when there are none',
      series: calls('0+900x12 10800+0x20', '0+999x12 11988+0x20', '0+1000x12 12000+0x20'),
      atMinute: 20,
    },
  },
  AssistantProxyInjectorReviewsFail: {
    fires: {
      when: 'a pod could not be given a sidecar',
      series: { [reviews('failed')]: '_x3 1+0x40', [reviews('injected')]: '0+5x40' },
      atMinute: 30,
      labels: { ...namespace, result: 'failed' },
      summary: 'Reviews of pods end as failed, 1 times in an hour',
    },
    quiet: {
      when: 'pods get sidecars, have them, or want none',
      series: {
        [reviews('injected')]: '0+5x40',
        [reviews('unchanged')]: '0+5x40',
        [reviews('skipped')]: '0+5x40',
        [reviews('left')]: '0+5x40',
      },
      atMinute: 30,
    },
  },
  AssistantProxyInjectorCertificateExpires: {
    fires: {
      when: 'less than a sixth of its life is left',
      series: { [start]: `${-80 * day}+0x200`, [expiry]: `${10 * day}+0x200` },
      atMinute: 120,
      labels: namespace,
      summary: "The injector's certificate expires in 9d 22h 0m 0s, and has not been renewed",
    },
    quiet: {
      when: 'a third of its life is left, a long one ends in two months, and an injector has none yet',
      series: {
        [start]: `${-5 * day}+0x200`,
        [expiry]: `${2.5 * day}+0x200`,
        [of('certificate_start_timestamp_seconds', 'namespace="own"')]: `${-3000 * day}+0x200`,
        [of('certificate_expiry_timestamp_seconds', 'namespace="own"')]: `${60 * day}+0x200`,
        [of('certificate_start_timestamp_seconds', otherPod)]: '0+0x200',
        [otherExpiry]: '0+0x200',
      },
      atMinute: 120,
    },
  },
  AssistantProxyInjectorCertificateFails: {
    fires: {
      when: 'each attempt fails',
      series: { [of('certificate_failures_total')]: '0+6x40' },
      atMinute: 30,
      labels: namespace,
      summary: "The injector's certificate can not be looked after: 30 attempts of five minutes have failed",
    },
    quiet: {
      when: 'the API server was away for ten minutes',
      series: { [of('certificate_failures_total')]: '0+0x10 0+6x10 60+0x30' },
      atMinute: 30,
    },
  },
  AssistantProxyInjectorLeaderless: {
    fires: {
      when: 'neither of two leads',
      series: { [of('leader')]: '1 0+0x20', [of('leader', otherPod)]: '0+0x20' },
      atMinute: 10,
      labels: namespace,
      summary: 'No injector in proxy looks after the certificate',
    },
    quiet: {
      when: 'the other takes over',
      series: { [of('leader')]: '1 0+0x20', [of('leader', otherPod)]: '0 0 1+0x20' },
      atMinute: 10,
    },
  },
};

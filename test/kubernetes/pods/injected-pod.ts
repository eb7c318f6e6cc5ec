import { upstreamKey } from '../../harness/sidecar.ts';
import { injectInto, settingsWith } from '../../injector/pods/cases.ts';
import type { RunnablePod } from './run-pod.ts';

/** What the injector makes of a pod with one container, `web`. */
export function injectedPod(annotations: Record<string, string> = {}): RunnablePod {
  const labels = { 'app.kubernetes.io/name': 'search', 'assistant-proxy.io/team': 'discovery' };
  const { pod } = injectInto(
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web-1', namespace: 'shop', labels, annotations },
      // The API server sets this before it asks.
      spec: { terminationGracePeriodSeconds: 30, containers: [{ name: 'web', image: 'web:1' }] },
    },
    settingsWith(),
  );
  return pod as RunnablePod;
}

/** What the Secret and the ConfigMap of the namespace hold; the upstream listens on the pod's own loopback. */
export function filesWith(upstreamPort: number): { config: string; apiKey: string } {
  const config = `
identity: { team: '\${TEAM}', app: '\${APP}' }
upstream: { baseUrl: 'http://127.0.0.1:${upstreamPort}/v1' }
budgets:
  - { name: team-month, per: [team], limit: { tokens: 100000000 }, window: { every: month } }
`;
  return { config, apiKey: upstreamKey };
}

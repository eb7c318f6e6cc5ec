import type { RuleGroup } from './vocabulary/rules.ts';

export const runs = {
  name: 'runs',
  recordings: [],
  alerts: {
    AssistantProxyRunsStuck: {
      // A run expires when it is ten minutes old, whatever it waits for.
      expr: 'max by (namespace, status) (assistant_proxy_run_oldest_age_seconds) > 900',
      holdsFor: '5m',
      severity: 'critical',
      summary: 'A run has been {{ $labels.status }} for {{ $value | humanizeDuration }}',
      description:
        'It should have expired after ten minutes. Its thread is locked, and its application waits. Look at the store, and at the pod that conducts it.',
    },
  },
} as const satisfies RuleGroup;

import { type RuleGroup, grown } from './vocabulary/rules.ts';

export const redaction = {
  name: 'redaction',
  recordings: [],
  alerts: {
    AssistantProxyRedactionFails: {
      expr: grown('assistant_proxy_redaction_failures_total', '5m', ['namespace', 'reason']),
      holdsFor: '2m',
      severity: 'critical',
      summary: 'Redaction fails: {{ $labels.reason }}, {{ printf "%.0f" $value }} times in five minutes',
      description:
        'Calls are refused with 503 redaction_failed, or, with redaction.analyzer.onFailure skip, go out without what the analyzer would have found.',
    },
  },
} as const satisfies RuleGroup;

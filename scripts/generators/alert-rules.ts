import { stringify } from 'yaml';

import type { Alert, RuleGroup } from '../../alerts/vocabulary/rules.ts';
import { runbookAnchor, runbooksUrl } from '../../alerts/vocabulary/runbook.ts';

/** A rule file of Prometheus. */
export function alertRules({ name, recordings, alerts }: RuleGroup): string {
  const rules = [...recordings, ...Object.entries(alerts).map(alertRule)];
  const file = { groups: [{ name: `assistant-proxy-${name}`, rules }] };
  return `# Generated from alerts/${name}.ts: npm run generate\n${stringify(file, { lineWidth: 0 })}`;
}

function alertRule([alert, { expr, holdsFor, severity, summary, description }]: [string, Alert]): object {
  return {
    alert,
    expr,
    ...(holdsFor !== undefined && { for: holdsFor }),
    labels: { severity },
    annotations: { summary, description, runbook_url: `${runbooksUrl}#${runbookAnchor(alert)}` },
  };
}

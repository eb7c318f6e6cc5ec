import { availability } from './availability.ts';
import { budgets } from './budgets.ts';
import { redaction } from './redaction.ts';
import { runs } from './runs.ts';
import { upstream } from './upstream.ts';
import type { Alert, RuleGroup } from './vocabulary/rules.ts';

export const ruleGroups: readonly RuleGroup[] = [budgets, availability, upstream, runs, redaction];

const alerts = {
  ...budgets.alerts,
  ...availability.alerts,
  ...upstream.alerts,
  ...runs.alerts,
  ...redaction.alerts,
};

export type AlertName = keyof typeof alerts;

export const alertsByName: Readonly<Record<AlertName, Alert>> = alerts;

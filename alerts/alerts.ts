import { availability } from './availability.ts';
import { budgets } from './budgets.ts';
import { injector } from './injector.ts';
import { redaction } from './redaction.ts';
import { runs } from './runs.ts';
import { upstream } from './upstream.ts';
import type { RuleGroup } from './vocabulary/rules.ts';

export const ruleGroups: readonly RuleGroup[] = [budgets, availability, upstream, runs, redaction, injector];

export type AlertName =
  | keyof typeof budgets.alerts
  | keyof typeof availability.alerts
  | keyof typeof upstream.alerts
  | keyof typeof runs.alerts
  | keyof typeof redaction.alerts
  | keyof typeof injector.alerts;

/** What Prometheus' rule files are made of. */
export interface Recording {
  readonly record: string;
  readonly expr: string;
}

export interface Alert {
  readonly expr: string;
  /** How long it has to hold: `2m`. Left out: it fires at once. */
  readonly holdsFor?: string;
  /** critical: wakes somebody. warning: somebody looks at it today. */
  readonly severity: 'critical' | 'warning';
  /** One line, with the labels and the value of the alert in it. */
  readonly summary: string;
  /** What it means for callers, and the first thing to do. */
  readonly description: string;
}

/** One file, and one group of rules that are evaluated together. */
export interface RuleGroup {
  readonly name: string;
  readonly recordings: readonly Recording[];
  readonly alerts: Readonly<Record<string, Alert>>;
}

/**
 * By how much a counter grew. A series that begins was counted for the first time, which `increase` can not see.
 */
export function grown(metric: string, window: string, by: readonly string[]): string {
  const labels = by.join(', ');
  return (
    `sum by (${labels}) (increase(${metric}[${window}])) > 0` +
    ` or sum by (${labels}) (${metric} unless ${metric} offset ${window}) > 0`
  );
}

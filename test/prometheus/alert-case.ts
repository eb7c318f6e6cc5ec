export interface Case {
  /** `AssistantProxy... fires when` or `is quiet when`. */
  readonly when: string;
  /** What the sidecars report from minute 0 on, in promtool's notation. */
  readonly series: Readonly<Record<string, string>>;
  /** Between two values; 1 unless told. */
  readonly minutesApart?: number;
  readonly atMinute: number;
}

interface Firing extends Case {
  /** Beside its severity. */
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
}

export interface AlertCases {
  readonly fires: Firing;
  /** For another reason. */
  readonly firesToo?: Firing;
  readonly quiet: Case;
}

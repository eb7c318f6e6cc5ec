import { FieldColorModeId, type Threshold } from '@grafana/grafana-foundation-sdk/dashboard';

/** What a colour means, on every dashboard. A series without a meaning has one by its name. */
export const colours = {
  good: 'green',
  /** The sidecar did as it was told, and somebody had to wait or was refused. */
  held: 'orange',
  bad: 'red',
  /** Neither good nor bad. */
  plain: 'blue',
  second: 'purple',
  /** The caller's own doing. */
  faint: '#8e8e8e',
} as const;

export type Meaning = keyof typeof colours;

/** Good up to `warnAt`, bad from `badAt`; the other way round if `badAt` is the smaller one. */
export function steps(warnAt: number, badAt: number): Threshold[] {
  const ends: [Meaning, Meaning] = warnAt < badAt ? ['good', 'bad'] : ['bad', 'good'];
  const [first, last] = warnAt < badAt ? [warnAt, badAt] : [badAt, warnAt];
  return [
    { value: null, color: colours[ends[0]] },
    { value: first, color: colours.held },
    { value: last, color: colours[ends[1]] },
  ];
}

/** Anything from `badAt` is bad. */
export function atMost(badAt: number): Threshold[] {
  return [
    { value: null, color: colours.good },
    { value: badAt, color: colours.bad },
  ];
}

/** A number that is neither good nor bad. */
export const plain: Threshold[] = [{ value: null, color: colours.plain }];

export function fixed(meaning: Meaning) {
  return { id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor: colours[meaning] } };
}

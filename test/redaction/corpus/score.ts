import type { Label, LabelledSentence } from './labelled-sentences.ts';

export interface Score {
  readonly entity: string;
  /** How often it stands in the corpus. */
  readonly count: number;
  readonly hits: number;
  /** Found where no such thing is. */
  readonly falseAlarms: number;
  readonly recall: number;
  readonly precision: number;
}

export interface Mistake {
  readonly entity: string;
  readonly kind: 'missed' | 'false alarm';
  readonly what: string;
  readonly text: string;
}

/**
 * A label is hit if a finding of its entity covers it, and
 * no more around it than the tolerance: a bracket or a sign more is no mistake. A finding is right if it touches a label of its entity. What is
 * found under another name is both a miss and a false alarm.
 */
export function createScorer(tolerance = 2) {
  const counts = new Map<string, { count: number; hits: number; right: number; falseAlarms: number }>();
  const mistakes: Mistake[] = [];
  const of = (entity: string) => {
    const known = counts.get(entity) ?? { count: 0, hits: 0, right: 0, falseAlarms: 0 };
    counts.set(entity, known);
    return known;
  };
  return {
    mistakes,
    add({ text, labels }: LabelledSentence, findings: readonly Label[]): void {
      for (const label of labels) {
        const counted = of(label.entity);
        counted.count += 1;
        const isHit = findings.some(
          ({ entity, from, end }) =>
            entity === label.entity &&
            from <= label.from &&
            end >= label.end &&
            label.from - from + end - label.end <= tolerance,
        );
        if (isHit) counted.hits += 1;
        else
          mistakes.push({
            entity: label.entity,
            kind: 'missed',
            what: text.slice(label.from, label.end),
            text,
          });
      }
      for (const { entity, from, end } of findings) {
        const isRight = labels.some(
          (label) => label.entity === entity && label.from < end && from < label.end,
        );
        if (isRight) of(entity).right += 1;
        else {
          of(entity).falseAlarms += 1;
          mistakes.push({ entity, kind: 'false alarm', what: text.slice(from, end), text });
        }
      }
    },
    scores(): Score[] {
      return [...counts]
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([entity, { count, hits, right, falseAlarms }]) => ({
          entity,
          count,
          hits,
          falseAlarms,
          recall: count === 0 ? 1 : hits / count,
          precision: right + falseAlarms === 0 ? 1 : right / (right + falseAlarms),
        }));
    },
  };
}

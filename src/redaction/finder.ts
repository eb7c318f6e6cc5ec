import type { Analyzer } from './analyzer/analyzer.ts';
import type { Detector, Finding } from './detector.ts';
import { createSlicedFind } from './find-in-slices.ts';
import type { Modes } from './modes.ts';

/** Finds what is to be treated: what the detector finds, and what an analyzer does besides, if there is one. */
export interface Finder {
  /** In each of the texts, in their order. Rejects with `redaction_failed` if the analyzer fails. */
  findAll(texts: readonly string[]): Promise<readonly (readonly Finding[])[]>;
  /** Without the analyzer, which takes its time. */
  findNow(text: string): readonly Finding[];
}

export function createFinder(detector: Detector, analyzer: Analyzer | undefined, modes: Modes): Finder {
  const findInSlices = createSlicedFind(detector);
  const isTreated = ({ entity }: Finding) => modes.of(entity) !== 'off';
  const findNow = (text: string) => detector.find(text).filter(isTreated);
  return {
    findNow,
    async findAll(texts) {
      const found = (await findInSlices(texts)).map((findings) => findings.filter(isTreated));
      if (!analyzer || texts.length === 0) return found;
      const analyzed = await analyzer.find(texts);
      return found.map((own, index) => merge(own, analyzed[index]!.filter(isTreated)));
    },
  };
}

/** Where both find something, what is validated goes before what a model takes it for. */
function merge(own: readonly Finding[], analyzed: readonly Finding[]): readonly Finding[] {
  if (analyzed.length === 0) return own;
  const free = analyzed.filter(({ from, end }) => own.every((each) => each.end <= from || each.from >= end));
  return [...own, ...free].sort((one, other) => one.from - other.from);
}

import { isRecord } from '../../openai/is-record.ts';
import type { Finding } from '../detector.ts';
import { AnalyzerFailure } from './analyzer.ts';
import { createCodePointIndex } from './code-points.ts';

export interface AnswerTerms {
  /** By Presidio's names. */
  readonly entities: ReadonlySet<string>;
  readonly threshold: number;
}

/** What Presidio calls otherwise than the rest of this project. */
const ourNames: Readonly<Record<string, string>> = {
  CRYPTO: 'CRYPTO_WALLET',
  EMAIL_ADDRESS: 'EMAIL',
  ES_NIE: 'ES_NIF',
  IBAN_CODE: 'IBAN',
  IT_FISCAL_CODE: 'IT_CODICE_FISCALE',
  PHONE_NUMBER: 'PHONE',
  SG_NRIC_FIN: 'SG_NRIC',
};

/** What is found there by this name is called so here. */
export function ourName(name: string): string {
  return name.endsWith('_PASSPORT') ? 'PASSPORT' : (ourNames[name] ?? name);
}

/**
 * Reads what Presidio has found in a text, in any order. Throws `AnalyzerFailure` at whatever isn't as it must be:
 * nothing of such an answer can be trusted.
 */
export function readFindings(answer: unknown, text: string, terms: AnswerTerms): Finding[] {
  if (!Array.isArray(answer)) throw garbage();
  const unitOf = createCodePointIndex(text);
  return answer.flatMap((result: unknown): Finding[] => {
    if (!isRecord(result)) throw garbage();
    const { entity_type: name, start, end, score } = result;
    if (typeof name !== 'string' || typeof score !== 'number' || !isPosition(start) || !isPosition(end)) {
      throw garbage();
    }
    const [from, to] = [unitOf(start), unitOf(end)];
    if (from === undefined || to === undefined || from >= to) throw garbage();
    if (!terms.entities.has(name) || score < terms.threshold) return [];
    return [{ entity: ourName(name), from, end: to, score: Math.min(score, 1) }];
  });
}

/** By position; what overlaps becomes one finding of all of it, by the name of the surest. */
export function joinOverlaps(findings: readonly Finding[]): Finding[] {
  const joined: Finding[] = [];
  for (const finding of findings.toSorted((one, other) => one.from - other.from || other.end - one.end)) {
    const last = joined.at(-1);
    if (last === undefined || last.end <= finding.from) joined.push(finding);
    else {
      const better = finding.score > last.score ? finding : last;
      joined[joined.length - 1] = { ...better, from: last.from, end: Math.max(last.end, finding.end) };
    }
  }
  return joined;
}

export function garbage(): AnalyzerFailure {
  return new AnalyzerFailure('analyzer_answer', 'the analyzer answered what no Presidio answers');
}

function isPosition(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

import { ProxyError } from '../../errors.ts';
import type { RedactionFailure } from '../../telemetry/redaction-metrics.ts';
import type { Finding } from '../detector.ts';
import { type Analyzer, AnalyzerFailure, type AnalyzerTransport } from './analyzer.ts';
import { type AnswerTerms, garbage, joinOverlaps, readFindings } from './read-answer.ts';
import { batchesOf, type TextPiece, textPieces } from './text-pieces.ts';

export interface PresidioSettings {
  readonly language: string;
  /** By Presidio's names. */
  readonly entities: readonly string[];
  /** For all texts of a request together. */
  readonly timeoutMs: number;
  readonly threshold: number;
  /** Whether a request is refused while the analyzer fails, or goes on without what it would find. */
  readonly onFailure: 'refuse' | 'skip';
}

interface PresidioParts {
  readonly transport: AnalyzerTransport;
  /** Told of every failure, also of those that are skipped. */
  readonly onFailed: (reason: RedactionFailure, error: Error) => void;
}

/** Requests to the analyzer that one call makes at one time. */
const maxConcurrent = 4;

/**
 * Finds by asking a Presidio analyzer (`POST /analyze`). Texts go in lists; to a server that doesn't take these, as
 * older ones don't, one by one from then on.
 */
export function createPresidioAnalyzer(
  { language, entities, timeoutMs, threshold, onFailure }: PresidioSettings,
  { transport, onFailed }: PresidioParts,
): Analyzer {
  const terms: AnswerTerms = { entities: new Set(entities), threshold };
  let takesLists = true;

  async function findAll(texts: readonly string[]): Promise<Finding[][]> {
    const found: Finding[][] = texts.map(() => []);
    const pieces = textPieces(texts);
    const batches = takesLists ? batchesOf(pieces) : pieces.map((piece) => [piece]);
    const timeout = AbortSignal.timeout(timeoutMs);
    const failed = new AbortController();
    const signal = AbortSignal.any([timeout, failed.signal]);
    const workOff = async () => {
      for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
        const answers = await ask(batch, signal);
        for (const [at, { index, from, text }] of batch.entries()) {
          const findings = readFindings(answers[at], text, terms);
          found[index]!.push(
            ...findings.map((each) => ({ ...each, from: each.from + from, end: each.end + from })),
          );
        }
      }
    };
    try {
      await Promise.all(Array.from({ length: maxConcurrent }, workOff));
    } catch (cause) {
      // The others are of no use any more.
      failed.abort();
      if (timeout.aborted) {
        throw new AnalyzerFailure('analyzer_timeout', `the analyzer took more than ${timeoutMs} ms`, {
          cause,
        });
      }
      throw cause;
    }
    return found.map(joinOverlaps);
  }

  /** One answer for each. */
  async function ask(batch: readonly TextPiece[], signal: AbortSignal): Promise<unknown[]> {
    if (batch.length === 1) return askOneByOne(batch, signal);
    try {
      const answers = await post(
        batch.map(({ text }) => text),
        signal,
      );
      if (!Array.isArray(answers) || answers.length !== batch.length) throw garbage();
      return answers;
    } catch (error) {
      // Which of the two it is, a list or the server that it can't take, is told by what one by one comes to.
      if (!(error instanceof AnalyzerFailure) || error.reason !== 'analyzer_answer') throw error;
      const answers = await askOneByOne(batch, signal);
      takesLists = false;
      return answers;
    }
  }

  async function askOneByOne(batch: readonly TextPiece[], signal: AbortSignal): Promise<unknown[]> {
    const answers: unknown[] = [];
    for (const { text } of batch) answers.push(await post(text, signal));
    return answers;
  }

  async function post(text: string | readonly string[], signal: AbortSignal): Promise<unknown> {
    const request = { text, language, entities, score_threshold: threshold };
    const { status, body } = await transport.post(JSON.stringify(request), signal);
    if (status !== 200) throw new AnalyzerFailure('analyzer_answer', `the analyzer answered ${status}`);
    try {
      return JSON.parse(body) as unknown;
    } catch {
      // The parser's own message quotes the answer.
      throw garbage();
    }
  }

  return {
    async find(texts) {
      try {
        return await findAll(texts);
      } catch (error) {
        const failure =
          error instanceof AnalyzerFailure
            ? error
            : new AnalyzerFailure('internal', 'the analyzer could not be asked', { cause: error });
        onFailed(failure.reason, failure);
        if (onFailure === 'skip') return texts.map(() => []);
        throw new ProxyError('redaction_failed', {
          cause: failure,
          message: `Names and places could not be looked for: ${failure.message}. Check redaction.analyzer, and try again in a moment.`,
        });
      }
    },
    close: transport.close,
  };
}

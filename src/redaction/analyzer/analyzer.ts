import type { RedactionFailure } from '../../telemetry/redaction-metrics.ts';
import type { Finding } from '../detector.ts';

/** Finds in texts what only a model can: names, places. Asks somebody else, and so may fail, or take its time. */
export interface Analyzer {
  /**
   * What is in each text, in the order of the texts; in positions, order and without overlaps as a `Detector` has it.
   * Rejects with `redaction_failed` where a failure is to be refused, and with nothing else.
   */
  find(texts: readonly string[]): Promise<readonly (readonly Finding[])[]>;
  close(): Promise<void>;
}

/** How an analyzer is asked. What it is asked, and what its answer means, is not for the transport to know. */
export interface AnalyzerTransport {
  /** Rejects with an `AnalyzerFailure` if there is no answer, or with the signal's reason. */
  post(json: string, signal: AbortSignal): Promise<AnalyzerAnswer>;
  close(): Promise<void>;
}

export interface AnalyzerAnswer {
  readonly status: number;
  readonly body: string;
}

/** Why there is nothing that can be trusted. The message never quotes an answer, which may quote a text. */
export class AnalyzerFailure extends Error {
  readonly reason: RedactionFailure;

  constructor(reason: RedactionFailure, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.name = 'AnalyzerFailure';
    this.reason = reason;
  }
}

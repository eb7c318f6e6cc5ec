import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';

import { createPresidioTransport } from '../../../src/presidio/presidio-transport.ts';
import type { Analyzer } from '../../../src/redaction/analyzer/analyzer.ts';
import {
  createPresidioAnalyzer,
  type PresidioSettings,
} from '../../../src/redaction/analyzer/presidio-analyzer.ts';
import { answerJson, readText, startUpstream } from '../../harness/upstream.ts';

export interface Asked {
  readonly text: string | readonly string[];
  readonly language: string;
  readonly entities: readonly string[];
  readonly score_threshold: number;
}

/** Positions in code points, as Presidio has them. */
export interface Result {
  readonly entity_type: string;
  readonly start: number;
  readonly end: number;
  readonly score: number;
}

/** As Presidio would, with a model that knows `Jane Doe` and `Berlin`. */
export function analyze(text: string): Result[] {
  const words = { PERSON: /Jane Doe/g, LOCATION: /Berlin/g };
  return Object.entries(words).flatMap(([entity, word]) =>
    [...text.matchAll(word)].map(({ 0: { length }, index }) => {
      const start = Array.from(text.slice(0, index)).length;
      return { analysis_explanation: null, entity_type: entity, start, end: start + length, score: 0.85 };
    }),
  );
}

/** What a server that takes lists answers, as 2.2.366 does. */
export function answerAsPresidio({ text }: Asked, response: ServerResponse): void {
  answerJson(response, typeof text === 'string' ? analyze(text) : text.map(analyze));
}

export interface PresidioUnderTest {
  readonly analyzer: Analyzer;
  readonly asked: Asked[];
  readonly failures: string[];
  readonly connections: Set<unknown>;
}

/** An analyzer, and a scripted server that it asks. */
export async function startPresidio(
  t: TestContext,
  answer: (asked: Asked, response: ServerResponse, request: IncomingMessage) => unknown = answerAsPresidio,
  settings: Partial<PresidioSettings> & { readonly maxAnswerBytes?: number } = {},
): Promise<PresidioUnderTest> {
  const asked: Asked[] = [];
  const failures: string[] = [];
  const connections = new Set<unknown>();
  const { port } = await startUpstream(t, async (request, response) => {
    connections.add(request.socket);
    if (request.method !== 'POST' || request.url !== '/presidio/analyze')
      return answerJson(response, {}, 404);
    const question = JSON.parse(await readText(request)) as Asked;
    asked.push(question);
    return answer(question, response, request);
  });
  const { maxAnswerBytes, ...others } = settings;
  const analyzer = createPresidioAnalyzer(
    {
      language: 'en',
      entities: ['PERSON', 'LOCATION'],
      timeoutMs: 10_000,
      threshold: 0.5,
      onFailure: 'refuse',
      ...others,
    },
    {
      transport: createPresidioTransport({
        url: `http://127.0.0.1:${port}/presidio`,
        ...(maxAnswerBytes === undefined ? {} : { maxAnswerBytes }),
      }),
      onFailed: (reason) => failures.push(reason),
    },
  );
  t.after(() => analyzer.close());
  return { analyzer, asked, failures, connections };
}

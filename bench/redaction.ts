/**
 * What the detectors find of a corpus made from a seed, beside what the engines find that people use; then what they
 * cost, beside JSON.parse and JSON.stringify of the same bodies, in interleaved rounds of one run; then how the time
 * grows with the text.
 *
 *   npm run bench:redaction [-- --quick] [--seed N]
 */
import { parseArgs } from 'node:util';

import { createDetector } from '../src/redaction/detect/create-detector.ts';
import { type LabelledSentence, makeSentences } from '../test/redaction/corpus/labelled-sentences.ts';
import { type Score, createScorer } from '../test/redaction/corpus/score.ts';
import { createBodies } from './redaction/bodies.ts';
import { type Engine, createEngines } from './redaction/engines.ts';
import { runPresidio } from './redaction/presidio.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, seed: { type: 'string', default: '20261128' } },
});
const seed = Number(values.seed);
const sentences = makeSentences(seed, values.quick ? 2000 : 20_000);
/** One for all, as a sidecar has one: what is made of the same code twice is compiled less well. */
const detector = createDetector();
const engines = createEngines(detector);

await compareFindings();
await compareSpeed();
growWithTheText();

async function compareFindings(): Promise<void> {
  console.log(
    `${sentences.length} sentences, seed ${seed}; recall / precision in percent, - where an engine has no such entity\n`,
  );
  const columns: { name: string; scores: readonly Score[]; seconds: number }[] = [];
  for (const engine of engines) {
    const startedAtMs = performance.now();
    const scores = await scoresOf(engine);
    columns.push({ name: engine.name, scores, seconds: (performance.now() - startedAtMs) / 1000 });
  }
  const presidio = await runPresidio(sentences.map(({ text }) => text));
  if (typeof presidio === 'string') console.log(`Presidio could not be run: ${presidio}\n`);
  else {
    const scorer = createScorer(Infinity);
    sentences.forEach((sentence, index) => scorer.add(sentence, presidio.findings[index]!));
    columns.push({ name: 'Presidio (patterns)', scores: scorer.scores(), seconds: presidio.seconds });
  }
  console.log(`| entity | count | ${columns.map(({ name }) => name).join(' | ')} |`);
  console.log(`| --- | ---: | ${columns.map(() => '---:').join(' | ')} |`);
  for (const { entity, count } of columns[0]!.scores) {
    const cells = columns.map(({ scores }) => cellOf(scores.find((score) => score.entity === entity)));
    console.log(`| ${entity} | ${count} | ${cells.join(' | ')} |`);
  }
  console.log(`| seconds for all | | ${columns.map(({ seconds }) => seconds.toFixed(1)).join(' | ')} |\n`);
}

async function scoresOf(engine: Engine): Promise<Score[]> {
  const scorer = createScorer(Infinity);
  for (const sentence of sentences)
    scorer.add(sentence, await engine.find((sentence satisfies LabelledSentence).text));
  return scorer.scores();
}

function cellOf(score: Score | undefined): string {
  if (!score || (score.hits === 0 && score.falseAlarms === 0)) return '-';
  return `${(score.recall * 100).toFixed(1)} / ${(score.precision * 100).toFixed(1)}`;
}

async function compareSpeed(): Promise<void> {
  console.log(
    '| body | JSON.parse + stringify, p50 / p99 us | detectors, p50 / p99 us | ratio of p50 | MB/s | findings |',
  );
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
  for (const bytes of [2000, 100_000]) {
    for (const [kind, body] of Object.entries(createBodies(bytes))) {
      const { messages } = JSON.parse(body) as { messages: { content: string }[] };
      const [json, find]: number[][] = [[], []];
      let found = 0;
      const rounds = (values.quick ? 4_000_000 : 60_000_000) / bytes;
      for (let round = 0; round < rounds; round += 1) {
        let startedAtMs = performance.now();
        JSON.stringify(JSON.parse(body));
        json!.push(performance.now() - startedAtMs);
        startedAtMs = performance.now();
        found = messages.reduce((sum, { content }) => sum + detector.find(content).length, 0);
        find!.push(performance.now() - startedAtMs);
      }
      // The first rounds are the compiler's.
      const [jsonUs, findUs] = [json!, find!].map((times) =>
        percentilesUs(times.slice(Math.floor(rounds / 3))),
      ) as [Percentiles, Percentiles];
      console.log(
        `| ${kind}, ${bytes / 1000} KB | ${jsonUs.p50.toFixed(1)} / ${jsonUs.p99.toFixed(1)} | ${findUs.p50.toFixed(1)} / ${findUs.p99.toFixed(1)} | ${(findUs.p50 / jsonUs.p50).toFixed(2)} | ${(body.length / findUs.p50).toFixed(0)} | ${found} |`,
      );
    }
  }
  const body = createBodies(2000)['prose']!;
  console.log('\n| engine | ms for 2 KB of prose |\n| --- | ---: |');
  for (const engine of engines) {
    const times: number[] = [];
    for (let round = 0; round < 30; round += 1) {
      const startedAtMs = performance.now();
      await engine.find(body);
      times.push(performance.now() - startedAtMs);
    }
    console.log(`| ${engine.name} | ${(percentilesUs(times).p50 / 1000).toFixed(3)} |`);
  }
}

interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

function percentilesUs(timesMs: readonly number[]): Percentiles {
  const sorted = timesMs.toSorted((left, right) => left - right);
  return {
    p50: sorted[Math.floor(sorted.length * 0.5)]! * 1000,
    p99: sorted[Math.floor(sorted.length * 0.99)]! * 1000,
  };
}

function growWithTheText(): void {
  console.log('\n| text | 0.1 MB, ms | 1 MB | 10 MB | 10 MB / 1 MB |\n| --- | ---: | ---: | ---: | ---: |');
  const texts: Record<string, string> = {
    ...createBodies(100_000),
    'digits and spaces': '1 ',
    'at signs': '@',
    'phone numbers': 'tel 030 1234567 ',
    brackets: '[',
  };
  for (const [kind, unit] of Object.entries(texts)) {
    const [small, middle, large] = [1e5, 1e6, 1e7].map((length) => {
      const text = unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
      detector.find(text.slice(0, 100_000));
      const startedAtMs = performance.now();
      detector.find(text);
      return performance.now() - startedAtMs;
    }) as [number, number, number];
    console.log(
      `| ${kind} | ${small.toFixed(2)} | ${middle.toFixed(1)} | ${large.toFixed(0)} | ${(large / middle).toFixed(1)} |`,
    );
  }
}

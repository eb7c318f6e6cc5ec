/**
 * What an application gets of an upstream that fails now and then, and what that costs: the official SDK with its own
 * retries alone, and before a sidecar. Then the same during an outage, when every call fails. The sidecar backs off
 * for a few milliseconds only, so that the bench ends soon; the SDK's own waits, of half a second and more, can't be
 * shortened and show in its p99.
 *
 *   npm run bench:retries [-- --calls 600] [--share 0.3] [--sdk 7]
 */
import { parseArgs } from 'node:util';

import { type Major, majors } from '../test/sdk/sdk-versions.ts';
import { type Figures, type Trial, tryFailingUpstream } from './failing-upstream.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '600' },
    share: { type: 'string', default: '0.3' },
    sdk: { type: 'string', default: '7' },
  },
});
const sdk = Number(values.sdk) as Major;
if (!majors.includes(sdk)) throw new Error(`--sdk is one of ${majors.join(', ')}`);
const calls = Number(values.calls);
const failShare = Number(values.share);

const retrying = (more = '') => `retry: { baseMs: 5, maxMs: 50${more} }`;
const budgetless = ', budgetPercent: 100';
type Row = Pick<Trial, 'config' | 'listsResponses'>;
const rows: Readonly<Record<string, Row>> = {
  'SDK alone': { config: undefined },
  'sidecar, defaults': { config: retrying() },
  'sidecar, budgetPercent 100': { config: retrying(budgetless) },
  'the same, Responses listed': {
    config: retrying(`${budgetless}, lookUp: responses`),
    listsResponses: true,
  },
};

console.log(`SDK ${sdk}, ${calls} calls: chat and Responses, plain and streamed, embeddings, models.`);
await printTable(`${failShare * 100} % of the upstream's answers fail`, rows, { calls, failShare });
const { 'the same, Responses listed': _, ...ofOutage } = rows;
await printTable('during an outage', ofOutage, { calls: Math.ceil(calls / 6), failShare: 1 });

async function printTable(
  title: string,
  shown: Readonly<Record<string, Row>>,
  size: Pick<Trial, 'calls' | 'failShare'>,
): Promise<void> {
  console.log(`\n${title}`);
  console.log(
    line(['', 'succeeded', 'calls each', 'x the least', 'billed twice', 'for nothing', 'p50 ms', 'p99 ms']),
  );
  for (const [name, row] of Object.entries(shown)) {
    const figures = await measure({ sdk, callsAtOnce: 16, ...size, ...row });
    console.log(line([name, ...cells(figures)]));
  }
}

async function measure(trial: Trial): Promise<Figures> {
  const releases: (() => Promise<void>)[] = [];
  try {
    return await tryFailingUpstream({ after: (release) => releases.push(release) }, trial);
  } finally {
    for (const release of releases.toReversed()) await release();
  }
}

function cells(figures: Figures): string[] {
  const { succeededShare, upstreamCallsEach, timesTheLeast, billedTwice, billedForNothing } = figures;
  return [
    `${(succeededShare * 100).toFixed(1)} %`,
    upstreamCallsEach.toFixed(2),
    succeededShare === 0 ? '-' : timesTheLeast.toFixed(2),
    String(billedTwice),
    String(billedForNothing),
    figures.p50Ms.toFixed(0),
    figures.p99Ms.toFixed(0),
  ];
}

function line(columns: readonly string[]): string {
  return columns.map((cell, column) => (column === 0 ? cell.padEnd(28) : cell.padStart(13))).join('');
}

/**
 * The long form of the chaos test. Prints its figures, and ends with 1 if one of them is wrong.
 *
 *   npm run chaos [-- --calls N --seed N]
 */
import { parseArgs } from 'node:util';

import { type ChaosFigures, runChaos } from './chaos.ts';
import { seededRandom } from './seeded-random.ts';
import { problemsOf } from './verdict.ts';

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '12000' }, seed: { type: 'string', default: '1' } },
});
const calls = Number(values.calls);
const releases: (() => Promise<void>)[] = [];
let figures: ChaosFigures;
try {
  figures = await runChaos(
    { after: (release) => releases.push(release) },
    {
      calls,
      sidecars: 8,
      callsAtOnce: 48,
      limitTokens: calls * 45,
      killEveryMs: 2500,
      restartRedisEveryMs: 6000,
      random: seededRandom(Number(values.seed)),
      progress: (text) => void (process.stderr.isTTY && process.stderr.write(`\r${text.padEnd(60)}`)),
    },
  );
} finally {
  for (const release of releases.toReversed()) await release();
}
console.log(JSON.stringify(figures, null, 2));
const problems = problemsOf(figures);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

/**
 * The long form of the chaos test of the Assistants API. Prints its figures, and ends with 1 if something is wrong.
 *
 *   npm run chaos:assistants [-- --seconds N --seed N]
 */
import { parseArgs } from 'node:util';

import { runAssistantsChaos } from './assistants.ts';
import { seededRandom } from './seeded-random.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '120' }, seed: { type: 'string', default: '1' } },
});
const seconds = Number(values.seconds);
const long = {
  seconds,
  applications: 16,
  limitTokens: 10_000 * seconds,
  random: seededRandom(Number(values.seed)),
};
process.exitCode = 0;
for (const plan of [
  { ...long, store: 'redis', sidecars: 4, killEveryMs: 1500, restartRedisEveryMs: 6000 },
  { ...long, store: 'embedded', sidecars: 1, killEveryMs: 3000, restartRedisEveryMs: 0 },
] as const) {
  const releases: (() => Promise<void>)[] = [];
  try {
    const figures = await runAssistantsChaos({ after: (release) => releases.push(release) }, plan);
    console.log(JSON.stringify({ store: plan.store, ...figures }, null, 2));
    if (figures.problems.length > 0) process.exitCode = 1;
  } finally {
    for (const release of releases.toReversed()) await release();
  }
}

/**
 * The long form of the walk: `node test/assistants/fuzz/main.ts [OPERATIONS [SEED...]]`, 100,000 operations from six
 * random seeds unless told otherwise. Exits with 1, and the seed that failed, if the API did what its model forbids.
 */
import { randomInt } from 'node:crypto';

import { walkTogether } from './walk-together.ts';

const [operations = 100_000, ...given] = process.argv.slice(2).map(Number);
const seeds = given.length > 0 ? given : Array.from({ length: 6 }, () => randomInt(2 ** 31));
console.log(`seeds ${seeds.join(' ')}`);
const startedAtMs = performance.now();
try {
  const called = await walkTogether(seeds, operations);
  console.log(
    `${called} operations in ${Math.round((performance.now() - startedAtMs) / 1000)} s, all as expected`,
  );
} catch (error) {
  console.error(error);
  process.exit(1);
}

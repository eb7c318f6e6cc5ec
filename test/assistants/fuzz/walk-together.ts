import { createSeeded } from './seeded.ts';
import { createWalk } from './walk.ts';
import { type Grounds, openGrounds } from './world.ts';

/**
 * Walks with several seeds at once, each in a world of its own. Resolves to how many operations were called; rejects
 * with an Error that names the seed of the walk that failed.
 */
export async function walkTogether(seeds: readonly number[], operations: number): Promise<number> {
  const grounds = await openGrounds();
  try {
    const each = operations / seeds.length;
    const counts = await Promise.all(seeds.map((seed, index) => walk(grounds, seed, index, each)));
    return counts.reduce((sum, count) => sum + count, 0);
  } finally {
    await grounds.close();
  }
}

async function walk(grounds: Grounds, seed: number, index: number, operations: number): Promise<number> {
  const world = grounds.openWorld(index % 2 === 0 ? 'embedded' : 'memory');
  const { step, rest, counts } = createWalk(world, createSeeded(seed));
  const called = () => [...counts.values()].reduce((sum, count) => sum + count, 0);
  try {
    while (called() < operations) {
      const before = called();
      for (let steps = 0; steps < 50 && called() < operations; steps += 1) await step();
      if (called() - before > 0) await rest();
    }
    await rest();
    return called();
  } catch (error) {
    throw new Error(`seed ${seed}, after ${called()} operations: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    await world.close();
  }
}

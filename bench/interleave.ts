import type { Contestant } from './contestant.ts';
import { type LoadResult, runLoad } from './load.ts';

export interface Round extends LoadResult {
  readonly cpuMsPerRequest: number;
  readonly residentMiB: number;
}

export interface Rounds {
  readonly rounds: number;
  readonly durationMs: number;
  /** Of the first round, which warms the just-in-time compiler: that takes tens of thousands of requests. */
  readonly warmUpMs: number;
  readonly connections: number;
  readonly stream: boolean;
}

/**
 * Puts the same load on each of the contestants in turn, round after round, so that a noisy machine disturbs all of
 * them alike; every other round in the opposite order, so that none is always behind the same one.
 */
export async function interleave(
  contestants: readonly Contestant[],
  { rounds, durationMs, warmUpMs, connections, stream }: Rounds,
): Promise<Map<Contestant, Round[]>> {
  const results = new Map<Contestant, Round[]>(contestants.map((contestant) => [contestant, []]));
  for (let round = 0; round <= rounds; round += 1) {
    progress(`round ${round} of ${rounds}`);
    for (const contestant of round % 2 === 0 ? contestants : contestants.toReversed()) {
      const cpuBeforeMs = contestant.cpuMs();
      const load = { url: contestant.url, connections, stream };
      const result = await runLoad({ ...load, durationMs: round === 0 ? warmUpMs : durationMs });
      const cpuMsPerRequest = (contestant.cpuMs() - cpuBeforeMs) / result.requests;
      if (result.failures > 0) throw new Error(`${contestant.name}: ${result.failures} connections failed`);
      const residentMiB = contestant.residentMiB();
      if (round > 0) results.get(contestant)!.push({ ...result, cpuMsPerRequest, residentMiB });
    }
  }
  progress('');
  return results;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

export function row(cells: readonly string[]): string {
  return cells.map((cell, column) => (column === 0 ? cell.padEnd(20) : cell.padStart(11))).join('');
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${text.padEnd(40)}\r`);
}

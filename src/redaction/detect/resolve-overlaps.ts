import type { Finding } from '../detector.ts';

export interface Resolved {
  readonly kept: Finding[];
  /** What was let go reaches beyond what was kept: it may be something else by itself. */
  readonly hasSpill: boolean;
}

/**
 * What is left when no two may overlap: the better validated goes first, then the longer. In the order of the text.
 * Takes time in proportion to the candidates and their lengths.
 */
export function resolveOverlaps(candidates: readonly Finding[]): Resolved {
  if (areApart(candidates)) return { kept: [...candidates], hasSpill: false };
  let hasSpill = false;
  const byPlace = candidates.toSorted((left, right) => left.from - right.from);
  const kept: Finding[] = [];
  let cluster: Finding[] = [];
  let clusterEnd = 0;
  for (const candidate of byPlace) {
    if (candidate.from >= clusterEnd && cluster.length > 0) {
      hasSpill = resolveCluster(cluster, clusterEnd, kept) || hasSpill;
      cluster = [];
    }
    cluster.push(candidate);
    clusterEnd = Math.max(clusterEnd, candidate.end);
  }
  hasSpill = resolveCluster(cluster, clusterEnd, kept) || hasSpill;
  return { kept: kept.sort((left, right) => left.from - right.from), hasSpill };
}

/** In the order of the text, and without overlaps */
function areApart(candidates: readonly Finding[]): boolean {
  for (let index = 1; index < candidates.length; index += 1) {
    if (candidates[index]!.from < candidates[index - 1]!.end) return false;
  }
  return true;
}

/** Adds what stays to `kept`. True if a part of what does not is left uncovered. */
function resolveCluster(cluster: readonly Finding[], clusterEnd: number, kept: Finding[]): boolean {
  if (cluster.length === 1) {
    kept.push(cluster[0]!);
    return false;
  }
  const start = cluster[0]!.from;
  // A map of what is taken, as a hostile text makes clusters of any size.
  const taken = new Uint8Array(clusterEnd - start);
  for (const candidate of cluster.toSorted(byWeight)) {
    const [from, end] = [candidate.from - start, candidate.end - start];
    if (taken[from] === 1 || taken[end - 1] === 1) continue;
    if (taken.subarray(from, end).includes(1)) continue;
    taken.fill(1, from, end);
    kept.push(candidate);
  }
  return taken.includes(0);
}

function byWeight(left: Finding, right: Finding): number {
  return (
    Math.round(right.score * 20) - Math.round(left.score * 20) ||
    right.end - right.from - (left.end - left.from) ||
    left.from - right.from
  );
}

import type { BrownOut, BrownOutFigures } from './brown-out.ts';

/** A machine that is busy with something else makes some refusals slow, but not many. */
const allowedSlowShare = 0.1;
/** For 200 callers. */
const allowedGrowthMiB = 150;

/** What must hold of a brown-out, and doesn't, in sentences. */
export function problemsOf(figures: BrownOutFigures, { openMs }: BrownOut): string[] {
  const { refused, slowRefusals, probes, openForMs, probesWhenWell, memoryMiB } = figures;
  const problems: string[] = [];
  if (!(refused > 100)) problems.push(`only ${refused} calls were refused`);
  if (slowRefusals > refused * allowedSlowShare)
    problems.push(`${slowRefusals} of ${refused} refusals were slow`);
  if (probes > openForMs / openMs + 1) problems.push(`${probes} probes in ${openForMs} ms`);
  if (probesWhenWell !== 1) problems.push(`it took ${probesWhenWell} probes of an upstream that was well`);
  if (memoryMiB.peak - memoryMiB.before > allowedGrowthMiB)
    problems.push(`grew to ${memoryMiB.peak.toFixed(0)} MiB`);
  if (figures.failed > 0) problems.push(`${figures.failed} calls failed otherwise`);
  if (figures.failedAfterwards > 0) problems.push(`${figures.failedAfterwards} calls failed afterwards`);
  if (figures.heldTokens > 0) problems.push(`${figures.heldTokens} tokens are still held`);
  if (figures.inFlightAfterwards > 0) problems.push(`${figures.inFlightAfterwards} calls never ended`);
  return problems;
}

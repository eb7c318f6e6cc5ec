import type { ChaosFigures } from './chaos.ts';

/** What must hold after chaos, and doesn't, in sentences. */
export function problemsOf(figures: ChaosFigures): string[] {
  const { limitTokens, billedTokens, usedTokens, heldTokens, peakTokens, unspendableTokens } = figures;
  const problems: string[] = [];
  if (billedTokens > limitTokens) problems.push(`overshoot: ${billedTokens} billed of ${limitTokens}`);
  if (peakTokens > limitTokens) problems.push(`overshoot: ${peakTokens} used and held of ${limitTokens}`);
  if (usedTokens > limitTokens) problems.push(`overshoot: ${usedTokens} used of ${limitTokens}`);
  if (heldTokens > 0) problems.push(`leak: ${heldTokens} are still held`);
  // The smallest call needs its input and 16 tokens of output.
  if (unspendableTokens > 60) problems.push(`false denial: ${unspendableTokens} are left and can't be spent`);
  problems.push(...figures.wrongCharges.map((line) => `wrong charge: ${line}`));
  problems.push(...figures.unfairCharges.map((line) => `unfair charge: ${line}`));
  problems.push(...figures.chargedRefusals.map((line) => `charged refusal: ${line}`));
  return problems;
}

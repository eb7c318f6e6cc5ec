import type { BudgetLine, Demand } from '../ledger/admission.ts';
import { type Amounts, type Unit, units } from '../ledger/amounts.ts';
import { costOf, largestOutput } from './demand.ts';
import type { Tally } from './windows.ts';

/** A budget, and what its window counts at the moment. */
export interface Standing {
  readonly line: BudgetLine;
  readonly tally: Tally;
}

/** What a call of so much output holds in a budget: the usual of it where the budget is learned. */
export function heldIn({ overshootRatio }: BudgetLine, demand: Demand, outputTokens: number): Amounts {
  const usual = Math.min(demand.usualOutputTokens, outputTokens);
  return costOf(demand, overshootRatio === undefined ? outputTokens : usual);
}

/** The demand's output, lowered to what fits into all budgets that clamp, but not below its floor. */
export function fittingOutput(demand: Demand, standings: readonly Standing[]): number {
  let output = demand.outputTokens;
  for (const standing of standings) {
    if (!standing.line.enforced || !standing.line.clamps) continue;
    const room = roomIn(standing);
    output = largestOutput(demand, room.atWorst, output);
    if (standing.line.overshootRatio === undefined) continue;
    const usual = Math.min(demand.usualOutputTokens, output);
    const fitting = largestOutput(demand, room.asUsual, usual);
    if (fitting < usual) output = fitting;
  }
  return Math.max(output, demand.minOutputTokens);
}

/** The first budget, and unit, that a call of so much output doesn't fit into. */
export function firstShortage(
  demand: Demand,
  outputTokens: number,
  standings: readonly Standing[],
): { readonly index: number; readonly unit: Unit } | undefined {
  const worst = costOf(demand, outputTokens);
  for (const [index, standing] of standings.entries()) {
    if (!standing.line.enforced) continue;
    const room = roomIn(standing);
    const held = heldIn(standing.line, demand, outputTokens);
    const unit = units.find((each) => held[each] > room.asUsual[each] || worst[each] > room.atWorst[each]);
    if (unit !== undefined) return { index, unit };
  }
  return undefined;
}

/** What is left of the limit for usual amounts, and of the bound of a learned budget for the largest. */
function roomIn({ line, tally }: Standing): { readonly asUsual: Amounts; readonly atWorst: Amounts } {
  const { limit, overshootRatio = 0 } = line;
  const left = (unit: Unit, held: Amounts, ratio: number): number =>
    (limit[unit] ?? Number.POSITIVE_INFINITY) * (1 + ratio) - tally.used[unit] - held[unit];
  const room = (held: Amounts, ratio: number): Amounts => ({
    tokens: left('tokens', held, ratio),
    nanoUsd: left('nanoUsd', held, ratio),
  });
  return { asUsual: room(tally.held, 0), atWorst: room(tally.worst, overshootRatio) };
}

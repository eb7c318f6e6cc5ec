import type { Demand } from '../ledger/admission.ts';
import { type Amounts, units } from '../ledger/amounts.ts';
import { bounded } from './add-amounts.ts';

/** What a call costs at most if it puts out so many tokens. */
export function costOf({ fixed, perOutputToken }: Demand, outputTokens: number): Amounts {
  return bounded({
    tokens: Math.ceil(fixed.tokens + perOutputToken.tokens * outputTokens),
    nanoUsd: Math.ceil(fixed.nanoUsd + perOutputToken.nanoUsd * outputTokens),
  });
}

/** The most output, up to `atMost`, whose cost fits into the room in both units; below zero if none does. */
export function largestOutput(demand: Demand, room: Amounts, atMost: number): number {
  let output = atMost;
  for (const unit of units) {
    const each = demand.perOutputToken[unit];
    if (costOf(demand, output)[unit] <= room[unit] || each === 0) continue;
    output = Math.floor((room[unit] - demand.fixed[unit]) / each);
    // The division may be off by one in its last binary digit.
    if (costOf(demand, output + 1)[unit] <= room[unit]) output += 1;
    if (costOf(demand, output)[unit] > room[unit]) output -= 1;
  }
  return output;
}

import { units } from '../ledger/amounts.ts';
import type { Settlement } from '../ledger/settlement.ts';

/** A charge that is no amount is a mistake of the caller's, and must not reach the sums. */
export function checkCharge(charge: Settlement['charge']): void {
  if (charge === 'hold') return;
  for (const unit of units) {
    if (!Number.isSafeInteger(charge[unit]) || charge[unit] < 0) {
      throw new RangeError(`a charge must be a natural number of ${unit}, not ${charge[unit]}`);
    }
  }
}

import type { Admission, HoldNote } from '../ledger/ledger.ts';
import { placesKey, rateKey, windowKey } from './key-names.ts';
import { garbage } from './reply-reader.ts';

/** Where a hold counts, as its record has it (see `lua/holds.lua`); empty if there is nothing to settle. */
export function holdLines({
  budgets,
  rates,
  concurrencies = [],
}: Pick<Admission, 'budgets' | 'rates'> & Partial<Pick<Admission, 'concurrencies'>>): string {
  const tokenRates = rates.filter(({ unit }) => unit === 'tokens');
  return [
    ...budgets.map((line) => windowKey(line) + (line.overshootRatio === undefined ? '' : ' learned')),
    ...tokenRates.map((line) => `${rateKey(line)} ${line.perSecond}`),
    ...concurrencies.map(placesKey),
  ].join('\n');
}

/** A hold's note as its record has it. */
export function writeNote({ operation, model }: HoldNote): string {
  return JSON.stringify([operation, model]);
}

/** Throws `StoreUnavailable` at what `writeNote` has not written. */
export function readNote(text: string): HoldNote {
  const [operation, model] = parse(text);
  if (typeof operation !== 'string' || typeof model !== 'string') throw garbage();
  return { operation, model };
}

function parse(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value;
  } catch {
    throw garbage();
  }
  throw garbage();
}

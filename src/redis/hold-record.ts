import type { Admission, HoldNote } from '../ledger/admission.ts';
import { packDoubles } from './doubles.ts';
import { placesKey, rateKey, windowKey } from './key-names.ts';
import { garbage } from './reply-reader.ts';

/**
 * The part of a hold's record that never changes (see `lua/holds.lua`): its note, and the lines of where it counts.
 * Empty if there is nothing to settle.
 */
export function holdRecord(
  { budgets, rates, concurrencies = [] }: Places,
  note: HoldNote | undefined,
): Buffer | string {
  const lines = [
    ...budgets.map((line) => holdLine(windowKey(line), line.overshootRatio === undefined ? 0 : 1)),
    ...rates.filter(({ unit }) => unit === 'tokens').map((line) => holdLine(rateKey(line), line.perSecond)),
    ...concurrencies.map((line) => holdLine(placesKey(line), 0)),
  ];
  if (lines.length === 0) return '';
  const isNotDeferred = Buffer.concat([packText(''), packText('')]);
  const noteText = packText(note === undefined ? '' : writeNote(note));
  return Buffer.concat([isNotDeferred, noteText, packLength(lines.length), ...lines]);
}

type Places = Pick<Admission, 'budgets' | 'rates'> & Partial<Pick<Admission, 'concurrencies'>>;

function holdLine(key: string, detail: number): Buffer {
  return Buffer.concat([Buffer.from(key[0]!), packText(key.slice(2)), packDoubles([detail])]);
}

function packText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([packLength(bytes.length), bytes]);
}

function packLength(length: number): Buffer {
  const packed = Buffer.allocUnsafe(4);
  packed.writeUInt32LE(length);
  return packed;
}

/** A hold's note as its record has it. */
function writeNote({ operation, model }: HoldNote): string {
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

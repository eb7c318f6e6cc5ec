import type { BudgetState } from '../ledger/admission.ts';
import { type Amounts } from '../ledger/amounts.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { unpackDoubles } from './doubles.ts';

/**
 * Reads a script's reply: numbers, packed, and texts, each from the first on. Throws `StoreUnavailable` at
 * whatever isn't as it must be.
 */
export interface ReplyReader {
  /** The first text of every reply. */
  readonly kind: string;
  /** The store's clock, the first number. */
  readonly nowMs: number;
  integer(): number;
  text(): string;
  amounts(): Amounts;
  state(): BudgetState;
  hasMoreTexts(): boolean;
  /** Throws if anything is left. */
  end(): void;
}

export function readReply(reply: unknown): ReplyReader {
  if (!Array.isArray(reply)) throw garbage();
  const [packed, ...texts] = reply as readonly unknown[];
  const numbers = readNumbers(packed);
  let numbersRead = 0;
  let textsRead = 0;
  const integer = () => {
    const number = numbers[numbersRead++];
    if (number === undefined || !Number.isSafeInteger(number) || number < 0) throw garbage();
    return number;
  };
  const text = () => {
    const bytes = texts[textsRead++];
    if (!Buffer.isBuffer(bytes)) throw garbage();
    return bytes.toString();
  };
  const amounts = () => ({ tokens: integer(), nanoUsd: integer() });
  return {
    kind: text(),
    nowMs: integer(),
    integer,
    text,
    amounts,
    state: () => {
      const state = { startMs: integer(), endMs: integer(), used: amounts(), held: amounts() };
      // What is held beyond that at worst is for the store alone.
      amounts();
      return state;
    },
    hasMoreTexts: () => textsRead < texts.length,
    end: () => {
      if (numbersRead !== numbers.length || textsRead !== texts.length) throw garbage();
    },
  };
}

function readNumbers(packed: unknown): readonly number[] {
  if (!Buffer.isBuffer(packed) || packed.length % 8 !== 0) throw garbage();
  return unpackDoubles(packed);
}

/** Which isn't quoted: it may be anything. */
export function garbage(): StoreUnavailable {
  return new StoreUnavailable('it answered what no script of ours answers');
}

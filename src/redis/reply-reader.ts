import { type Amounts } from '../ledger/amounts.ts';
import { type BudgetState, StoreUnavailable } from '../ledger/ledger.ts';

/** Reads a script's flat reply, part by part; throws `StoreUnavailable` at whatever isn't as it must be. */
export interface ReplyReader {
  /** The first part of every reply. */
  readonly kind: string;
  /** The store's clock, the second part. */
  readonly nowMs: number;
  integer(): number;
  text(): string;
  amounts(): Amounts;
  state(): BudgetState;
  hasMore(): boolean;
  /** Throws if parts are left. */
  end(): void;
}

export function readReply(reply: unknown): ReplyReader {
  if (!Array.isArray(reply)) throw garbage();
  const parts: readonly unknown[] = reply;
  let position = 0;
  const take = (): unknown => parts[position++];
  const integer = () => {
    const part = take();
    if (typeof part !== 'number' || !Number.isSafeInteger(part) || part < 0) throw garbage();
    return part;
  };
  const text = () => {
    const part = take();
    if (typeof part !== 'string') throw garbage();
    return part;
  };
  const amounts = () => ({ tokens: integer(), nanoUsd: integer() });
  return {
    kind: text(),
    nowMs: integer(),
    integer,
    text,
    amounts,
    state: () => ({ startMs: integer(), endMs: integer(), used: amounts(), held: amounts() }),
    hasMore: () => position < parts.length,
    end: () => {
      if (position !== parts.length) throw garbage();
    },
  };
}

/** Which isn't quoted: it may be anything. */
export function garbage(): StoreUnavailable {
  return new StoreUnavailable('it answered what no script of ours answers');
}

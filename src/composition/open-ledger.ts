import { type BudgetReset, createEmbeddedLedger } from '../embedded/embedded-ledger.ts';
import type { Ownership } from '../embedded/own-directory.ts';
import { openSettlementJournal } from '../embedded/settlement-journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type SettlementJournal, noJournal } from '../ledger/settlement-journal.ts';
import { createRedisLedger } from '../redis/redis-ledger.ts';

export interface StoreSettings {
  /** Empty: the embedded store. */
  readonly redisUrl: string;
  readonly stateDir: string;
  readonly timeoutMs: number;
  readonly keyPrefix: string;
}

export interface LedgerParts {
  /** Makes the state directory this process's own: see `shareDirectory`. */
  own(): Ownership;
  onError(error: Error): void;
  onNoJournal(reason: Error): void;
  /** A command's reset of a budget was carried out here. Beside a Redis the command does it itself. */
  onReset(reset: BudgetReset): void;
}

interface OpenLedger {
  readonly ledger: Ledger;
  readonly journal: SettlementJournal;
}

/**
 * The store of budgets and limits that the configuration names. Beside a Redis, charges that it can't take for
 * the moment are kept in the state directory; where that can't be written to, `onNoJournal` hears why.
 */
export function openLedger(
  { redisUrl, stateDir, timeoutMs, keyPrefix }: StoreSettings,
  { own, onError, onNoJournal, onReset }: LedgerParts,
): OpenLedger {
  if (redisUrl === '') {
    return {
      ledger: createEmbeddedLedger({ stateDir, own, now: Date.now, onError, onReset }),
      journal: noJournal,
    };
  }
  const ledger = createRedisLedger({ url: redisUrl, timeoutMs, keyPrefix, onError });
  return { ledger, journal: openJournal() };

  function openJournal(): SettlementJournal {
    try {
      return openSettlementJournal(stateDir, onNoJournal, own);
    } catch (error) {
      onNoJournal(error as Error);
      return noJournal;
    }
  }
}

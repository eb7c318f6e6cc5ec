import { createEmbeddedLedger } from './embedded/embedded-ledger.ts';
import { openSettlementJournal } from './embedded/settlement-journal.ts';
import type { Ledger } from './ledger/ledger.ts';
import { type SettlementJournal, noJournal } from './ledger/settlement-journal.ts';
import { createRedisLedger } from './redis/redis-ledger.ts';

export interface StoreSettings {
  /** Empty: the embedded store. */
  readonly redisUrl: string;
  readonly stateDir: string;
  readonly timeoutMs: number;
  readonly keyPrefix: string;
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
  { onError, onNoJournal }: { onError: (error: Error) => void; onNoJournal: (reason: Error) => void },
): OpenLedger {
  if (redisUrl === '') {
    return { ledger: createEmbeddedLedger({ stateDir, now: Date.now, onError }), journal: noJournal };
  }
  const ledger = createRedisLedger({ url: redisUrl, timeoutMs, keyPrefix, onError });
  return { ledger, journal: openJournal() };

  function openJournal(): SettlementJournal {
    try {
      return openSettlementJournal(stateDir, onNoJournal);
    } catch (error) {
      onNoJournal(error as Error);
      return noJournal;
    }
  }
}

import type { OpenLedger } from '../ledger/contract/ledger-under-test.ts';
import { openReadyLedger } from './open-ledger.ts';
import { shareServer } from './share-server.ts';

/** One server for all tests of a file: see `shareServer`. */
export function shareRedis(): OpenLedger {
  const server = shareServer();
  return async (test) => {
    const { url, keyPrefix, advance } = server();
    const open = async () => (await openReadyLedger(test, url, { keyPrefix })).ledger;
    return { ledger: await open(), another: open, advance };
  };
}

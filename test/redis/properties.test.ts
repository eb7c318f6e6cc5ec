import { testLedgerProperties } from '../ledger/contract/ledger-properties.ts';
import { shareRedis } from './share-redis.ts';

testLedgerProperties('Redis', shareRedis(), { runs: 200, rollsBack: false });

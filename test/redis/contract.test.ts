import { describeLedger } from '../ledger/contract/ledger-contract.ts';
import { shareRedis } from './share-redis.ts';

describeLedger('Redis', shareRedis());

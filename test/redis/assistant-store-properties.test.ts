import { testLongThreads } from '../assistants-store/contract/long-threads.ts';
import { testStoreProperties } from '../assistants-store/contract/store-properties.ts';
import { shareRedisForStores } from './open-assistant-store.ts';

testStoreProperties('Redis', shareRedisForStores(), 150);
testLongThreads('Redis', shareRedisForStores({}));

import { describeStore } from '../assistants-store/contract/store-contract.ts';
import { shareRedisForStores } from './open-assistant-store.ts';

describeStore('Redis', shareRedisForStores());

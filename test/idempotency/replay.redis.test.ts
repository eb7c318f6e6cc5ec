import { podsOnRedis } from './keyed-calls.ts';
import { describeReplay } from './replay-scenarios.ts';

describeReplay('Redis', podsOnRedis);

import { onePod } from './keyed-calls.ts';
import { describeReplay } from './replay-scenarios.ts';

describeReplay('a file', onePod);

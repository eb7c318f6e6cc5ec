import { test } from 'node:test';

import { goByLimitsAsTheyAreNow } from './waiting-calls.ts';

test('a call that waits for a place goes by its limit as it is now', (t) => goByLimitsAsTheyAreNow(t, {}));

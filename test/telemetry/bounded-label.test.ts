import assert from 'node:assert/strict';
import { test } from 'node:test';

import { boundedLabel } from '../../src/telemetry/bounded-label.ts';

test('the first values stay, later ones and overlong ones are other, and none is unknown', () => {
  const label = boundedLabel(2);
  assert.deepEqual(['a', 'x'.repeat(129), 'b', 'c', 'a', undefined].map(label), [
    'a',
    'other',
    'b',
    'other',
    'a',
    'unknown',
  ]);
});

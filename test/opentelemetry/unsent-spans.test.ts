import assert from 'node:assert/strict';
import { test } from 'node:test';

import { emptyResource } from '@opentelemetry/resources';

import { createHeldSpans } from '../../src/opentelemetry/held-spans.ts';
import { toReadableSpan } from '../../src/opentelemetry/readable-span.ts';
import { TracedSpan } from '../../src/opentelemetry/traced-span.ts';

for (const [how, isSampled, hasFailed, asked] of [
  ['is left out', false, false, []],
  ['is left out, and fails', false, true, ['part', 'whole']],
  ['is sampled', true, false, ['part', 'whole']],
] as const) {
  test(`what is told of a request that ${how} is asked for ${asked.length} times`, () => {
    const wasAsked: string[] = [];
    const sent: Record<string, unknown>[] = [];
    const held = createHeldSpans({
      maxHeld: 10,
      newSpanId: () => 'a'.repeat(16),
      send(span, clockOffsetMs) {
        const settings = { resource: emptyResource(), maxAttributeLength: 100 };
        sent.push(toReadableSpan(span, clockOffsetMs, settings).attributes);
      },
      onDropped() {},
    });
    const tell = (of: string) => () => {
      wasAsked.push(of);
      return { of };
    };
    const named = { name: 'request', kind: 'server', attributes: { method: 'GET' } } as const;
    const whole = new TracedSpan(held.begin('b'.repeat(32), isSampled), named, undefined, true);
    const part = whole.child('attempt', 'client', tell('part'));
    part.end();
    whole.set(tell('whole'));
    if (hasFailed) whole.fail('500');
    whole.end();
    assert.deepEqual(wasAsked, asked);
    assert.deepEqual(
      sent.map(({ of }) => of),
      asked,
    );
  });
}

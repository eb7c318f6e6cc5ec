import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isTracestate, readTraceparent, writeTraceparent } from '../../src/telemetry/trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

test('a traceparent is read and written as the W3C has it', () => {
  const header = `00-${traceId}-${spanId}-01`;
  const context = readTraceparent(header);
  assert.deepEqual(context, { traceId, spanId, isSampled: true });
  assert.equal(writeTraceparent(context!), header);
  assert.equal(readTraceparent(`00-${traceId}-${spanId}-02`)?.isSampled, false);
});

test('a traceparent of a later version is read as far as this one goes', () => {
  assert.equal(readTraceparent(`cc-${traceId}-${spanId}-01-what-comes-then`)?.traceId, traceId);
});

test('a malformed traceparent is none', () => {
  const malformed = [
    undefined,
    '',
    'garbage',
    ['00', 'list'],
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`,
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-0g`,
    ` 00-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01\n`,
    `cc-${traceId}-${spanId}-01-${'x'.repeat(1000)}`,
  ];
  for (const header of malformed) assert.equal(readTraceparent(header), undefined, String(header));
});

test('a tracestate is passed on only if it is well-formed', () => {
  assert.ok(isTracestate('rojo=00f067aa0ba902b7,congo@tenant=t61rcWkgMzE , vendor=a b'));
  const malformed = [
    undefined,
    'no-value',
    'UPPER=1',
    'a=b=c',
    `a=${'x'.repeat(600)}`,
    Array.from({ length: 33 }, (_, index) => `k${index}=v`).join(','),
    'a=\u00e9',
  ];
  for (const header of malformed) assert.ok(!isTracestate(header), header);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readOptOut } from '../../src/redaction/opt-out.ts';

const callWith = (value: unknown) => ({ body: { kind: 'json' as const, bytes: Buffer.alloc(0), value } });

test('a call is left as it is if its metadata say so, and if that is allowed', () => {
  for (const [redact, isOut] of [
    ['false', true],
    [false, true],
    ['true', false],
    [true, false],
    [null, false],
    [0, false],
    ['', false],
  ] as const) {
    assert.equal(readOptOut(callWith({ metadata: { redact } }), 'allow').isOut, isOut);
    assert.equal(readOptOut(callWith({ metadata: { redact } }), 'deny').isOut, false);
  }
});

test('a whitelist is a list, or one written as a text', () => {
  for (const whitelist of [['A@b.c', 'd'], '["A@b.c","d"]', 'A@b.c, d']) {
    const { allowed } = readOptOut(callWith({ metadata: { whitelist } }), 'allow');
    assert.deepEqual([...allowed], ['a@b.c', 'd']);
  }
  for (const whitelist of [[1, null], '[', 7, null, {}]) {
    assert.equal(readOptOut(callWith({ metadata: { whitelist } }), 'allow').allowed.size, 0);
  }
});

test('what has no metadata says nothing', () => {
  for (const value of [null, [], 'text', {}, { metadata: [] }, { metadata: 'redact' }]) {
    assert.equal(readOptOut(callWith(value), 'allow').isOut, false);
  }
  assert.equal(readOptOut({ body: { kind: 'none' } }, 'allow').isOut, false);
});

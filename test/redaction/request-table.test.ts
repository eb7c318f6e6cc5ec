import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRequestTable } from '../../src/redaction/request-table.ts';
import { email } from './contract/vault-under-test.ts';

test('originals of a request are numbered by first appearance, each entity by itself', () => {
  const table = createRequestTable();
  const phone = { entity: 'PHONE', original: 'a' };
  assert.deepEqual(table.name([email('a'), phone, email('b')]), ['<EMAIL_1>', '<PHONE_1>', '<EMAIL_2>']);
  assert.deepEqual(table.name([email('b'), email('__proto__')]), ['<EMAIL_2>', '<EMAIL_3>']);
  assert.deepEqual(table.read(), [
    { ...email('a'), placeholder: '<EMAIL_1>' },
    { ...email('b'), placeholder: '<EMAIL_2>' },
    { ...email('__proto__'), placeholder: '<EMAIL_3>' },
    { ...phone, placeholder: '<PHONE_1>' },
  ]);
});

test('a turn that repeats its history has the numbers of the turns before', () => {
  const history = [email('a'), email('b')];
  const placeholders = createRequestTable().name(history);
  assert.deepEqual(createRequestTable().name([...history, email('c')]), [...placeholders, '<EMAIL_3>']);
});

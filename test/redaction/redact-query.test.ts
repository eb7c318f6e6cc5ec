import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { redactQuery } from '../../src/redaction/redact-query.ts';
import { isLeftInQuery } from '../../src/redaction/where.ts';
import { operationNamed } from './operation-named.ts';

const isLeft = (name: string) => isLeftInQuery(operationNamed('files.list'), name);
const redact = (text: string) => text.replaceAll(/[\w.]+@[\w.]+/g, '[EMAIL]');

for (const [query, expected] of [
  ['', ''],
  ['?', '?'],
  ['?limit=20&order=desc', '?limit=20&order=desc'],
  ['?metadata[to]=a%40b.c', '?metadata[to]=%5BEMAIL%5D'],
  ['?a@b.c=1&x=%zz', '?%5BEMAIL%5D=1&x=%zz'],
  ['?a=to+a%40b.c&b=1%2B1', '?a=to%20%5BEMAIL%5D&b=1%2B1'],
  ['?a=b=c@d.e', '?a=b=%5BEMAIL%5D'],
  ['?client_secret=a@b.c&obfuscation=a@b.c', '?client_secret=%5BEMAIL%5D&obfuscation=%5BEMAIL%5D'],
] as const) {
  test(`the query ${query} is sent as ${expected}`, () =>
    assert.equal(redactQuery(query, isLeft, redact), expected));
}

test('a cursor that is spelled as an id is never touched', () => {
  const query = '?after=msg_RO47Q77&limit=20&run_id=run_1';
  assert.equal(
    redactQuery(query, isLeft, (text) => text.replace('RO47Q77', '')),
    query,
  );
  assert.equal(redactQuery('?after=a%40b.c', isLeft, redact), '?after=%5BEMAIL%5D');
});

test('what an operation asks by is left alone', () => {
  const users = (name: string) => isLeftInQuery(operationNamed('organization.users.list'), name);
  const query = '?emails%5B%5D=a%40b.c&emails[]=d%40e.f&emails=g%40h.i';
  assert.equal(redactQuery(`${query}&for=a%40b.c`, users, redact), `${query}&for=%5BEMAIL%5D`);
});

test('a query in which nothing is found stays as it was written', () => {
  fc.assert(
    fc.property(fc.string(), (text) =>
      assert.equal(
        redactQuery(`?${text}`, isLeft, (same) => same),
        `?${text}`,
      ),
    ),
  );
});

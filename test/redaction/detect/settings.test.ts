import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { checkPattern } from '../../../src/redaction/detect/custom-patterns.ts';
import { createFinder } from './found-in.ts';

describe('settings', () => {
  it('look for nothing but the entities that are named', () => {
    const find = createFinder({ entities: ['EMAIL'] });
    assert.deepEqual(find('bob@example.com, 4111 1111 1111 1111'), ['EMAIL bob@example.com']);
  });

  it('take a threshold for an entity: a higher one asks for words near by', () => {
    const find = createFinder({ thresholds: { US_SSN: 0.9 } });
    assert.deepEqual(find('123-45-6788'), []);
    assert.deepEqual(find('SSN 123-45-6788'), ['US_SSN 123-45-6788']);
    assert.deepEqual(createFinder({ thresholds: { US_SSN: 0.2 } })('123456788'), ['US_SSN 123456788']);
  });

  it('never find what is allowed, in whatever case, and find what only contains it', () => {
    const find = createFinder({ allow: ['support@acme.com', '203.0.113.7'] });
    assert.deepEqual(find('Support@Acme.com at 203.0.113.7'), []);
    assert.deepEqual(find('it.support@acme.com'), ['EMAIL it.support@acme.com']);
  });

  it('take phone numbers without a country code for those of the regions given', () => {
    assert.deepEqual(createFinder({ phoneRegions: ['DE'] })('(415) 555-2671'), []);
    assert.deepEqual(createFinder({ phoneRegions: ['SE'] })('phone 08-463 64 00'), ['PHONE 08-463 64 00']);
  });

  it('find custom patterns under their name in upper case, also where look-alikes hide them', () => {
    const find = createFinder({ custom: [{ name: 'employee', pattern: 'E-\\d{6}' }] });
    assert.deepEqual(find('ask E-123456 and Ｅ-１２３４５６'), [
      'EMPLOYEE E-123456',
      'EMPLOYEE Ｅ-１２３４５６',
    ]);
  });

  it('let a custom pattern win over what it overlaps', () => {
    const find = createFinder({ custom: [{ name: 'staff', pattern: '[a-z]+@acme\\.com' }] });
    assert.deepEqual(find('bob@acme.com'), ['STAFF bob@acme.com']);
  });

  it('throw for a pattern that can not be used, with its name and the reason', () => {
    assert.throws(
      () => createFinder({ custom: [{ name: 'bad', pattern: '(' }] }),
      /RangeError: the pattern bad is no pattern/,
    );
  });
});

describe('checkPattern', () => {
  for (const pattern of ['E-\\d{6}', '(?i)acme-[a-z]+', '\\bproject [A-Z]\\w+', '(a+)+b', '[\\p{L}]{3}\\d']) {
    it(`takes ${pattern}`, () => assert.equal(checkPattern(pattern), undefined));
  }
  for (const [pattern, reason] of [
    ['(a)\\1', /RE2/],
    ['(?=a)b', /RE2/],
    ['(?<!a)b', /RE2/],
    ['(', /RE2/],
    ['a{1,2000}', /RE2/],
    ['', /is empty/],
    ['a*', /empty text/],
    ['\\b', /empty text/],
    ['^', /empty text/],
    ['$', /empty text/],
    ['x|', /empty text/],
    ['\\B', /empty text/],
    ['a'.repeat(1001), /1000 are the most/],
  ] as const) {
    it(`refuses ${pattern.slice(0, 20) || 'nothing'}, and says why`, () =>
      assert.match(checkPattern(pattern)!, reason));
  }
});

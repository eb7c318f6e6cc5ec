import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { createDetector } from '../../../src/redaction/detect/create-detector.ts';
import { makeSentences } from '../corpus/labelled-sentences.ts';
import { createFinder } from './found-in.ts';

const detector = createDetector({ custom: [{ name: 'employee', pattern: '(E-)+\\d{6}' }] });

describe('a hostile text', () => {
  for (const unit of [
    '1',
    '@',
    '[',
    ' ',
    '1 ',
    '1-',
    '12-',
    '1.',
    '1/',
    '1\n',
    'a@',
    'a.',
    '.',
    '-',
    '_',
    ':',
    '::',
    'a:',
    '/',
    '//',
    '://',
    'a:b@',
    '%40',
    '=',
    '+',
    '(',
    '+1',
    '+12025550123 ',
    '4111 ',
    '4111 1111 1111 1111 ',
    '12 34 ',
    '123456789 ',
    'tel 030 1234567 ',
    'eyJ',
    'eyJaaaaaaaaaaaa.',
    'eyJhbGciOiJI.eyJhbGciOiJI',
    'AKIA',
    'AIza',
    'sk-',
    'sk-a1',
    'ghp_',
    'password=',
    'password=a;',
    '-----BEGIN PRIVATE KEY-----',
    `-----BEGIN PRIVATE KEY-----${'A'.repeat(64)}`,
    'data:image/png;base64,',
    'a1',
    'a1b2c3d4e5f6g7h8i9j0+',
    'DE89 ',
    'DE89',
    'AB 12 34 56 ',
    'X-1234567',
    'RSS MRA 85T10 ',
    '1.2.3.',
    '00:1B:',
    '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN',
    'bc1',
    '0x',
    '１',
    '\u200b',
    '1\u200b',
    '\ud835',
    '\ud835\udfce',
    '\ud800',
    '٣',
    'né le 3 mars 1985 ',
    'born 1985 ',
    '1985年',
    'E-',
    '[EMAIL]',
    '<EMAIL_1>',
    '\\',
    '\\n',
    '\\u00',
    '\\u0031',
    'a\\u0040',
    '\\"',
    '"',
    'order 415-555-2671 ',
    '00',
  ]) {
    it(`takes time in proportion to its length: ${JSON.stringify(unit.slice(0, 40))} over and over`, () => {
      const text = (length: number): string => unit.repeat(Math.ceil(length / unit.length));
      const [small, large] = [text(60_000), text(240_000)];
      detector.find(small);
      const [smallUs, largeUs] = [leastCpuUs(small), leastCpuUs(large)];
      // Four times the text: a square would take sixteen times as long.
      assert.ok(largeUs < 9 * smallUs + 20_000, `${smallUs} us, then ${largeUs} us`);
    });
  }
});

/** CPU time of this process alone: others on the machine do not count. */
function leastCpuUs(text: string): number {
  return Math.min(
    ...[1, 2, 3].map(() => {
      const before = process.cpuUsage();
      detector.find(text);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    }),
  );
}

/** Text as an adversary puts it together: pieces that mean something, cut and joined anyhow. */
const piece = fc.oneof(
  fc.constantFrom(
    'bob@example.com',
    '415-555-2671',
    '+49 30 1234567',
    '4111 1111 1111 1111',
    '123-45-6788',
    'DE89370400440532013000',
    '10.1.2.30',
    '00:1B:44:11:3A:B7',
    'https://u:p4ss@h.example/',
    'AB123456C',
    '12345678Z',
    'sk-proj-abcdefgh1234567890abcdefgh',
    '1985-12-03',
    'born',
    'SSN',
    'phone',
    'order',
    'card',
    'BSN',
    '111222333',
    '[EMAIL]',
    '<PHONE_2>',
    '４１１１',
    '\u200b',
    '\u00ad',
    '\u00a0',
    '٣',
    '𝟒',
    '😀',
    '\ud800',
    '\udc00',
    '電話',
    'é',
    ' ',
    '\n',
    '-',
    '.',
    '/',
    ',',
    '@',
    ':',
    '=',
    '"',
  ),
  fc.string({ maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
/** What only a placeholder in the place of another finding lets go. */
const boundToTheirNeighbours = [
  '4111 1111 1111 1111,415-555-2671',
  '٣111222333電話!!sk-proj-abcdefgh1234567890abcdefgh',
  'sk-proj-abcdefgh1234567890abcdefgh-order,415-555-2671',
  '10.1.2.30born\u00001985-12-03',
];

const hostile = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''));

describe('findings', () => {
  it('are in order, without overlaps, inside of the text and not empty', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        let end = 0;
        for (const finding of detector.find(text)) {
          assert.ok(finding.from >= end && finding.end > finding.from && finding.end <= text.length);
          assert.match(finding.entity, /^[A-Z0-9_]+$/);
          assert.ok(finding.score >= 0.5 && finding.score <= 1);
          end = finding.end;
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('stand where they are written, whatever is before them and hidden in them', () => {
    const find = createFinder();
    for (const before of [
      '',
      '😀',
      '\ud800 ',
      'é',
      '\u200b\u200b ',
      '全角 ',
      '𝟒𝟒 a ',
      '𝒜 \ud835 ',
      '\ud835𝟒 ',
      '\ufeff',
    ]) {
      for (const [text, entity] of [
        ['bob@example.com', 'EMAIL'],
        ['4111\u200b1111\u00ad1111\u20601111', 'CREDIT_CARD'],
        ['４１１１ １１１１ １１１１ １１１１', 'CREDIT_CARD'],
        ['４１１１\u3000１１１１\u3000１１１１\u3000１１１１', 'CREDIT_CARD'],
        ['٤١١١ ١١١١ ١١١١ ١١١١', 'CREDIT_CARD'],
        ['𝟒𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏', 'CREDIT_CARD'],
        ['4111\u00a01111\u202f1111\u20111111', 'CREDIT_CARD'],
        ['bob＠example．com', 'EMAIL'],
        ['ｂｏｂ@example.com', 'EMAIL'],
        ['b\u200bob@exam\u00adple.com', 'EMAIL'],
        ['123\u201345\u20136788', 'US_SSN'],
      ] as const) {
        assert.deepEqual(find(`${before} ${text} 😀`), [`${entity} ${text}`]);
      }
    }
  });

  it('are gone once they are replaced, by whichever placeholder', () => {
    const corpus = makeSentences(5, 6000).map(({ text }) => text);
    for (const [name, placeholder] of Object.entries({
      mask: (entity: string) => `[${entity}]`,
      hash: (entity: string) => `[${entity}:1a2b3c4d5e6f]`,
      pseudonym: (entity: string) => `<${entity}_12>`,
    })) {
      const leaves = (text: string): void => {
        const masked = replace(text, placeholder);
        assert.deepEqual(
          detector.find(masked),
          [],
          `${name}: ${JSON.stringify(text)} -> ${JSON.stringify(masked)}`,
        );
      };
      for (const text of [...corpus, ...boundToTheirNeighbours]) leaves(text);
      fc.assert(fc.property(hostile, leaves), { numRuns: 1500 });
    }
  });
});

function replace(text: string, placeholder: (entity: string) => string): string {
  let [masked, at] = ['', 0];
  for (const { entity, from, end } of detector.find(text)) {
    masked += text.slice(at, from) + placeholder(entity);
    at = end;
  }
  return masked + text.slice(at);
}

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Sink, Transform } from '../../src/exchange.ts';
import { rewriteEvents, rewriteJson, rewriteText } from '../../src/redaction/answers/rewrite-answer.ts';
import { settleFindings } from '../../src/redaction/answers/settle-findings.ts';
import { settleOriginals } from '../../src/redaction/answers/settle-originals.ts';
import type { Settler } from '../../src/redaction/answers/settle.ts';
import { applyEdits } from '../../src/redaction/edits.ts';
import { findTexts } from '../../src/redaction/json/find-texts.ts';
import { free } from '../../src/redaction/json/place.ts';
import { createModes } from '../../src/redaction/modes.ts';
import { createOwnPlaceholders } from '../../src/redaction/own-placeholders.ts';
import { type RequestTable, createRequestTable } from '../../src/redaction/request-table.ts';
import { placeOf } from '../../src/redaction/where.ts';
import { cut } from '../openai/chunkings.ts';
import { operationNamed } from './operation-named.ts';
import { findPlain, redactPlain } from './plain-findings.ts';

const place = placeOf(operationNamed('chat.completions.create'));
const restoring = settleOriginals(new Map([['<EMAIL_1>', 'anna "a"@b.example']]));

/** What comes out, and how it ends. */
function flow(
  transform: Transform,
  chunks: readonly Uint8Array[],
  error?: Error,
): { text: string; ending: unknown } {
  const out: Buffer[] = [];
  let ending: unknown;
  const sink: Sink = transform({
    write: (chunk) => out.push(Buffer.from(chunk)) > 0,
    end: () => (ending = 'ended'),
    fail: (cause) => (ending = cause),
  });
  for (const chunk of chunks) sink.write(chunk);
  if (error) sink.fail(error);
  else sink.end();
  return { text: Buffer.concat(out).toString(), ending };
}

test('a JSON answer is restored byte for byte but for its texts, escaped twice in arguments', () => {
  const answer = '{ "id":1.0, "content":"<EMAIL_1>", "arguments":"{ \\"to\\": \\"<email_1>\\" }" }';
  const { text } = flow(rewriteJson(restoring, place), cut(Buffer.from(answer), [7]));
  assert.equal(
    text,
    '{ "id":1.0, "content":"anna \\"a\\"@b.example", "arguments":"{ \\"to\\": \\"anna \\\\\\"a\\\\\\"@b.example\\" }" }',
  );
  assert.equal(JSON.parse(JSON.parse(text).arguments).to, 'anna "a"@b.example');
});

test('an answer that breaks off fails, JSON with nothing of it shown, a stream with all that came', () => {
  const error = new Error('cut');
  const json = [Buffer.from('{"content":"<EMAIL_1>')];
  assert.deepEqual(flow(rewriteJson(restoring, place), json, error), { text: '', ending: error });
  const event = 'data: {"choices":[{"index":0,"text":"see <EMAIL_1"}]}\n\n';
  assert.deepEqual(flow(rewriteEvents(restoring, place), [Buffer.from(event)], error), {
    text: event.replace('<EMAIL_1', 'anna \\"a\\"@b.example'),
    ending: error,
  });
  assert.deepEqual(flow(rewriteText(restoring), [Buffer.from('see <EMAIL_1')], error), {
    text: 'see anna "a"@b.example',
    ending: error,
  });
});

test('a stream asks its source to pause when what it wrote was too much, and never when it wrote nothing', () => {
  const sink = rewriteEvents(restoring, place)({ write: () => false, end() {}, fail() {} });
  assert.equal(sink.write(Buffer.from('data: {"choices":[{"index":0,"text":"<"}]}\n\n')), true);
  assert.equal(sink.write(Buffer.from('data: {"choices":[{"index":0,"text":"x"}]}\n\n')), false);
});

const token = fc.constantFrom(
  'a@b.example',
  '4111 1111 1111 1111',
  '4111',
  ' ',
  'é',
  '😀',
  'word ',
  '<EMAIL_1>',
  '<',
  'EMAIL_1',
);

test('however a plain text is cut, it is rewritten as in one piece', () => {
  fc.assert(
    fc.property(
      fc.array(token, { maxLength: 40 }),
      fc.array(fc.nat({ max: 9 }), { maxLength: 5 }),
      (tokens, sizes) => {
        const whole = tokens.join('');
        const chunks = cut(Buffer.from(whole), sizes);
        assert.equal(flow(rewriteText(settleFindings(findPlain, 40)), chunks).text, redactPlain(whole));
        const restored = applyEdits(whole, restoring.settle(whole, 0, true).edits);
        assert.equal(flow(rewriteText(restoring), chunks).text, restored);
      },
    ),
    { numRuns: 3_000 },
  );
});

/** As a caller may write them, with and without what makes a placeholder of them. */
const ownPlaceholder = fc.constantFrom(
  '<EMAIL_1>',
  '<email_2>',
  '< EMAIL 1 >',
  'EMAIL_1',
  'EMAIL_2>',
  '[EMAIL_1]',
  '[email_12]',
  '&lt;EMAIL_1&gt;',
  '\\<EMAIL\\_1\\>',
  '<CREDIT_CARD_1>',
  'credit card 1>',
  '<credit-card-1>',
  'EMAIL',
  '_1',
  'CREDIT_',
  'CARD_1',
  '&lt;',
  '\\',
  '[',
  ']',
  '>',
  '-',
  'E',
);
const addOwnPlaceholders = createOwnPlaceholders(
  ['EMAIL', 'CREDIT_CARD'],
  createModes({ mode: 'pseudonymize', entities: [], custom: [] }),
);

/** Pseudonymizes what is found and all that looks like a placeholder; undefined if that is nothing. */
function pseudonymize(bytes: Buffer, table: RequestTable): Buffer | undefined {
  const { texts, patch } = findTexts(bytes, free);
  return patch(
    texts.map(({ text }) => {
      const findings = findPlain(text).map(({ from, end, text: mask }) => ({
        entity: mask.slice(1, -1),
        from,
        end,
        score: 1,
      }));
      const all = addOwnPlaceholders({ text, where: '', findings }).findings;
      const names = table.name(
        all.map(({ entity, from, end }) => ({ entity, original: text.slice(from, end) })),
      );
      return all.map(({ from, end }, index) => ({ from, end, text: names[index]! }));
    }),
  );
}

function restoringBy(table: RequestTable): Settler {
  return settleOriginals(new Map(table.read().map((each) => [each.placeholder, each.original])));
}

test('what is pseudonymized and then restored is what it was, also if it looks like a placeholder', () => {
  const text = fc
    .array(fc.oneof(token, ownPlaceholder, fc.string()), { maxLength: 8 })
    .map((all) => all.join(''));
  const { value: anyValue } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.constantFrom(null, 1.5),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('content', 'a', 'arguments'), tie('value')),
      tie('value').map((value) => JSON.stringify(value)),
    ),
  }));
  fc.assert(
    fc.property(fc.array(anyValue, { minLength: 1, maxLength: 3 }), (turns) => {
      const table = createRequestTable();
      // Of all turns before any is restored: later ones may come to the number that an earlier one spells.
      const sent = turns.map((value) => {
        const bytes = Buffer.from(JSON.stringify(value));
        return pseudonymize(bytes, table) ?? bytes;
      });
      const restored = sent.map((bytes) => flow(rewriteJson(restoringBy(table), free), [bytes]).text);
      assert.deepEqual(
        restored.map((json) => JSON.parse(json) as unknown),
        turns.map((value) => JSON.parse(JSON.stringify(value)) as unknown),
      );
      for (const bytes of sent) {
        assert.ok(!findTexts(bytes, free).texts.some(({ text }) => findPlain(text).length > 0));
      }
    }),
    { numRuns: 3_000 },
  );
});

test('so is a plain text, as tokens of a stream', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(token, ownPlaceholder), { maxLength: 12 }).map((all) => all.join('')),
      fc.array(fc.nat({ max: 9 }), { maxLength: 5 }),
      (text, sizes) => {
        const table = createRequestTable();
        const bytes = Buffer.from(JSON.stringify({ text }));
        const sent = JSON.parse(`${pseudonymize(bytes, table) ?? bytes}`) as { text: string };
        const chunks = cut(Buffer.from(sent.text), sizes);
        // One that is itself JSON is written anew.
        if (/^\s*[{[]/.test(text)) return;
        assert.equal(flow(rewriteText(restoringBy(table)), chunks).text, text);
      },
    ),
    { numRuns: 3_000 },
  );
});

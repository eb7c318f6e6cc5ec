import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Sink, Transform } from '../../src/exchange.ts';
import { rewriteEvents, rewriteJson, rewriteText } from '../../src/redaction/answers/rewrite-answer.ts';
import { settleFindings } from '../../src/redaction/answers/settle-findings.ts';
import { settleOriginals } from '../../src/redaction/answers/settle-originals.ts';
import { applyEdits } from '../../src/redaction/edits.ts';
import { findTexts } from '../../src/redaction/json/find-texts.ts';
import { free } from '../../src/redaction/json/place.ts';
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

test('what is pseudonymized and then restored is what it was', () => {
  const text = fc
    .array(
      fc.oneof(
        token.filter((piece) => !piece.includes('<') && !piece.includes('EMAIL')),
        fc.string(),
      ),
      { maxLength: 8 },
    )
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
    fc.property(anyValue, (value) => {
      const bytes = Buffer.from(JSON.stringify(value));
      const table = new Map<string, string>();
      const { texts, patch } = findTexts(bytes, free);
      const hidden = patch(
        texts.map(({ text }) =>
          findPlain(text).map((edit) => {
            const original = text.slice(edit.from, edit.end);
            const known = [...table].find(([, one]) => one === original)?.[0];
            const placeholder = known ?? `<${edit.text.slice(1, -1)}_${table.size + 1}>`;
            table.set(placeholder, original);
            return { ...edit, text: placeholder };
          }),
        ),
      );
      if (hidden) assert.ok(!findTexts(hidden, free).texts.some(({ text }) => findPlain(text).length > 0));
      const { text } = flow(rewriteJson(settleOriginals(table), free), [hidden ?? bytes]);
      assert.deepEqual(JSON.parse(text), JSON.parse(bytes.toString()));
    }),
    { numRuns: 3_000 },
  );
});

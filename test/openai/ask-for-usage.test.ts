import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { askForUsage } from '../../src/openai/ask-for-usage.ts';

function asked(text: string) {
  const parsed = { bytes: Buffer.from(text), value: JSON.parse(text) as unknown };
  const asking = askForUsage(parsed);
  if (asking) assert.deepEqual(JSON.parse(asking.bytes.toString()), asking.value);
  return asking?.bytes.toString();
}

test('a stream that does not ask for usage is made to ask', () => {
  assert.equal(
    asked('{"model":"m","stream":true}'),
    '{"model":"m","stream":true,"stream_options":{"include_usage":true}}',
  );
  assert.equal(
    asked('{"stream_options": null, "stream": true}'),
    '{"stream_options": {"include_usage":true}, "stream": true}',
  );
  assert.equal(
    asked('{"stream":true,"stream_options":{"include_usage":false,"include_obfuscation":false}}'),
    '{"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}',
  );
});

test('a body with nothing to ask for is left alone', () => {
  for (const text of [
    '{"stream":true,"stream_options":{"include_usage":true}}',
    '{}',
    '{"stream":false}',
    '{"stream":"true"}',
    '{"stream":true,"stream_options":7}',
    '[]',
    'null',
    '"x"',
  ]) {
    assert.equal(asked(text), undefined, text);
  }
});

test('what the caller wrote besides stays as it was, also numbers that JavaScript would change', () => {
  const text = '{ "seed": 12345678901234567890, "t": 1.0, "stream" : true, "x": "\\u0041}" }  ';
  assert.equal(asked(text), text.replace('}  ', ',"stream_options":{"include_usage":true}}  '));
});

test('whatever the body holds, the patched bytes parse to the patched value', () => {
  const options = fc.option(fc.dictionary(fc.string(), fc.jsonValue()), { nil: undefined });
  const bodies = fc.record(
    { stream: fc.constant(true), stream_options: options, model: fc.string(), messages: fc.jsonValue() },
    { requiredKeys: ['stream'] },
  );
  const indents = fc.constantFrom(undefined, 2, '\t');
  fc.assert(
    fc.property(bodies, indents, (body, indent) => void asked(JSON.stringify(body, undefined, indent))),
  );
});

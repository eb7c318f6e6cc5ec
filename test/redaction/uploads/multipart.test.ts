import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import fc from 'fast-check';

import { ProxyError } from '../../../src/errors.ts';
import { redactMultipart } from '../../../src/redaction/uploads/redact-multipart.ts';
import type { UploadRedaction } from '../../../src/redaction/uploads/upload-redaction.ts';
import { StoreUnavailable } from '../../../src/store-unavailable.ts';
import {
  bodyOf,
  boundary,
  contentType,
  cutAt,
  field,
  file,
  maskEmails,
  type Part,
  plainRedaction,
  redact,
  redactParts,
} from './plain-redaction.ts';

const text = 'Write to jane@doe.example, or to john@doe.example.\n';
const masked = 'Write to [EMAIL], or to [EMAIL].\n';

test('files of text and form fields are redacted, in the boundary that they came in', async () => {
  const parts = [field('purpose', 'for jane@doe.example'), file('a.txt', text, 'text/plain')];
  const redacted = bodyOf([field('purpose', 'for [EMAIL]'), file('a.txt', masked, 'text/plain')]);
  assert.equal(await redactParts(parts), redacted.toString());
});

test('a body with nothing to hide comes out byte by byte as it was', async () => {
  const body = bodyOf([
    { disposition: '; name=purpose', content: 'assistants' },
    file('', '', 'text/plain; charset=UTF-8'),
    file('größe.md', '\ufeffÄ\r\n\r\n--\r\n---\r\n', 'text/markdown'),
    file('a.jsonl', '{"a": 1}\r\n\r\n{"a":2}'.replaceAll(': ', ':'), 'application/jsonl'),
    file('x.pdf', randomBytes(200_000), 'application/pdf'),
    { disposition: `; name="f"; filename="n\u00e4.txt"; filename*=UTF-8''n%C3%A4.txt`, content: 'x' },
  ]);
  assert.deepEqual(await redact([body]), body);
});

for (const [fileName, type] of [
  ['a', 'text/plain'],
  ['a.bin', 'text/csv; charset=utf-8'],
  ['a.txt', undefined],
  ['a.md', 'application/octet-stream'],
  ['A.CSV', 'application/octet-stream'],
  ['a.py', 'image/png'],
  ['a', 'application/xml'],
  ['a', 'image/svg+xml'],
  ['blob', 'application/octet-stream'],
  ['blob', undefined],
] as const) {
  test(`a file ${fileName} of the type ${type ?? 'that it does not say'} is redacted`, async () => {
    assert.ok((await redactParts([file(fileName, text, type)])).includes(masked));
  });
}

for (const [fileName, type] of [
  ['a.pdf', 'application/octet-stream'],
  ['a.png', undefined],
  ['a', 'application/pdf'],
  ['a', 'audio/mpeg'],
] as const) {
  test(`a file ${fileName} of the type ${type ?? 'that it does not say'} flows as it is`, async () => {
    const bytes = Buffer.concat([Buffer.from(text), Buffer.from([0xff, 0, 0xfe]), randomBytes(5000)]);
    const body = bodyOf([file(fileName, bytes, type)]);
    assert.deepEqual(await redact([body]), body);
  });
}

test('each line of JSONL is redacted as JSON, escapes and all, and stays a line of JSON', async () => {
  const lines = ['{"a":"jane\\u0040doe.example"}\r\n', '\n', '  [1,"x"]\n', '{"b":"b@c.example\\n"}'];
  for (const part of [
    file('a.jsonl', lines.join(''), 'text/plain'),
    file('a', lines.join(''), 'application/x-ndjson'),
  ]) {
    const redacted = await redactParts([part]);
    assert.ok(
      redacted.includes('\r\n\r\n{"a":"[EMAIL]"}\r\n\n  [1,"x"]\n{"b":"[EMAIL]\\n"}\r\n--'),
      redacted,
    );
  }
});

test('a JSON file is redacted as one JSON text', async () => {
  const json = '\ufeff{\n  "a": "jane\\u0040doe.example"\n}\n';
  const redacted = await redactParts([file('a.json', json, 'application/json')]);
  assert.ok(redacted.includes('\r\n\r\n\ufeff{"a":"[EMAIL]"}\n\r\n--'), redacted);
});

test('names of files are redacted in both of their forms, and keep the extension that tells their kind', async () => {
  const name = `; name="file"; filename="jane@doe.example"; filename*=UTF-8''for%20jane%40doe.example.pdf`;
  const redacted = await redactParts([
    { disposition: name, content: '' },
    file('b@c.example.txt', '', 'text/plain; name="b@c.example"'),
  ]);
  assert.ok(redacted.includes('filename="[EMAIL]"'), redacted);
  assert.ok(
    redacted.includes("filename*=\"UTF-8''") === false &&
      redacted.includes("filename*=UTF-8''for%20%5BEMAIL%5D.pdf"),
  );
  assert.ok(redacted.includes('filename="[EMAIL].txt"') && redacted.includes('name="[EMAIL]"'));
  assert.doesNotMatch(redacted, /@|%40/);
});

test('what nobody reads is not passed on: lines of other names, and what is around the parts', async () => {
  const head = 'Content-Disposition: form-data; name="a"\r\nX-From: jane@doe.example\r\nContent-Length: 1';
  const body = `jane@doe.example\r\n--${boundary}\r\n${head}\r\n\r\nx\r\n--${boundary}--\r\njohn@doe.example`;
  assert.equal((await redact([Buffer.from(body)])).toString(), bodyOf([field('a', 'x')]).toString());
});

test('however a body is cut, what comes out is the same', async () => {
  const piece = fc.constantFrom(
    'jane@doe.example',
    'ä',
    '\r\n',
    '\n',
    '-',
    '--',
    boundary,
    `\r\n-${boundary}`,
    'x ',
    '😀',
  );
  // No part holds what ends it.
  const content = fc
    .array(piece, { maxLength: 30 })
    .map((pieces) => pieces.join(''))
    .filter((each) => !each.includes(`\r\n--${boundary}`));
  const jsonl = (each: string) => file('a.jsonl', `${JSON.stringify(each)}\n"x"`);
  const binary = (each: string) =>
    file('a.bin', Buffer.concat([Buffer.from([0, 255]), Buffer.from(each)]), 'image/png');
  const kinds = [
    (each: string) => file('a.txt', each),
    (each: string) => field('f', each),
    (each: string) => file('blob', each),
    jsonl,
  ];
  const part = fc.oneof(
    content.map((each) => ({ part: binary(each), redacted: binary(each) })),
    ...kinds.map((kind) => content.map((each) => ({ part: kind(each), redacted: kind(maskEmails(each)) }))),
  );
  const places = fc.oneof(
    fc.array(fc.nat(2000), { maxLength: 40 }),
    fc.constant(Array.from({ length: 3000 }, (_, index) => index)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 5 }), places, async (parts, cuts) => {
      const body = bodyOf(parts.map(({ part: each }) => each));
      const expected = bodyOf(parts.map(({ redacted }) => redacted));
      assert.deepEqual((await redact(cutAt(body, cuts))).toString('latin1'), expected.toString('latin1'));
    }),
    { numRuns: 300 },
  );
});

test('a large file flows with backpressure: little of it is read before somebody reads the other end', async () => {
  let read = 0;
  async function* upload() {
    yield Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n`,
    );
    for (let line = 0; line < 400; line += 1) {
      read += 1;
      yield Buffer.from(`${'.'.repeat(16_000)} jane@doe.example\n`);
    }
    yield Buffer.from(`\r\n--${boundary}--\r\n`);
  }
  const stream = redactMultipart(Readable.from(upload(), { objectMode: false }), contentType, plainRedaction);
  stream.read(0);
  for (let turn = 0; turn < 1000; turn += 1) await setImmediate();
  assert.ok(read < 40, `${read} pieces were read`);
  let found = 0;
  let rest = '';
  for await (const chunk of stream) {
    const seen = rest + (chunk as Buffer).toString();
    found += seen.split('[EMAIL]\n').length - 1;
    assert.ok(!seen.includes('@'));
    rest = seen.slice(seen.lastIndexOf('\n') + 1);
  }
  assert.equal(found, 400);
});

test('who leaves ends the source, too', async () => {
  const source = Readable.from([bodyOf([field('a', 'x')]).subarray(0, -9)], { objectMode: false });
  const stream = redactMultipart(source, contentType, plainRedaction);
  await new Promise((resolve) => stream.once('data', resolve));
  stream.destroy();
  await new Promise((resolve) => (source.closed ? resolve(undefined) : source.once('close', resolve)));
  assert.ok(source.destroyed);
});

const whole = bodyOf([field('a', 'x'), file('a.txt', text)]).toString();
const malformed: Record<string, string> = {
  'that is empty': '',
  'of no parts at all': text,
  'of JSON': '{"a":1}',
  'that was cut off': whole.slice(0, -30),
  'that was cut off in its last delimiter': whole.slice(0, -4),
  'that was cut off in a head': whole.slice(0, boundary.length + 20),
  'of another boundary': whole.replaceAll(boundary, 'other'),
  'whose delimiter goes on': whole.replace(`\r\n--${boundary}\r\n`, `\r\n--${boundary}x\r\n`),
  'whose lines end in line feeds': whole.replaceAll('\r\n', '\n'),
  'with a part without a head': whole.replace(/Content-Disposition: .*\r\n/, '\r\n'),
  'with a part without a name': whole.replace('; name="a"', ''),
  'with a part that is no form data': whole.replace('form-data; name="a"', 'attachment; name="a"'),
  'with a name twice': whole.replace('; name="a"', '; name="a"; name="b"'),
  'with an unfinished quote': whole.replace('name="a"', 'name="a'),
  'with a folded header line': whole.replace('; name="a"', ';\r\n name="a"'),
  'with a bare line feed in a header': whole.replace('; name="a"', ';\n name="a"'),
  'with an extended name in another encoding': whole.replace('filename="a.txt"', "filename*=latin1''a"),
  'with an extended name that is none': whole.replace('filename="a.txt"', "filename*=UTF-8''%E4"),
  'with an endless head': `--${boundary}\r\nX: ${'x'.repeat(20_000)}`,
};

for (const [what, body] of Object.entries(malformed)) {
  test(`a body ${what} is refused`, async () => {
    const chunks = cutAt(Buffer.from(body), [1, 5, 50, 70, 100]);
    await assert.rejects(redact(chunks), { name: 'ProxyError', code: 'malformed_multipart', status: 400 });
  });
}

for (const type of [
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'multipart/form-data; boundary="a b "',
  `multipart/form-data; boundary=${'a'.repeat(71)}`,
  'multipart/form-data; xboundary=a',
  'multipart/mixed; boundary=a',
  'application/json',
  '',
]) {
  test(`the content type "${type.slice(0, 60)}" names no boundary`, () => {
    assert.throws(() => redactMultipart(Readable.from([]), type, plainRedaction), {
      code: 'malformed_multipart',
    });
  });
}

for (const type of [
  'multipart/form-data; boundary="a b\'()+_,-./:=?"',
  'Multipart/Form-Data;charset=utf-8; Boundary=a-b',
]) {
  test(`the boundary of ${type} is read`, async () => {
    const [, quoted, plain] = /oundary=(?:"(.*)"|(.*))$/.exec(type)!;
    const own = quoted ?? plain!;
    const body = bodyOf([field('a', 'jane@doe.example')])
      .toString()
      .replaceAll(boundary, own);
    const redacted = await redact([Buffer.from(body)], plainRedaction, type);
    assert.equal(redacted.toString(), maskEmails(body));
  });
}

const utf16 = Buffer.from(text, 'utf16le');
const unscannable: Record<string, Part> = {
  'text that is not UTF-8': file('a.txt', Buffer.from('größe jane@doe.example', 'latin1')),
  'text that ends within a character': file('a.txt', Buffer.from('ä').subarray(0, 1)),
  'text in UTF-16': file('a.txt', utf16),
  'text in UTF-16 that says so, in a file that says nothing': file(
    'blob',
    Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]),
  ),
  'text in another encoding, in a file that says nothing': file('blob', Buffer.from('größe', 'latin1')),
  'a file that began like text': file(
    'blob',
    Buffer.concat([Buffer.from(text.repeat(100)), Buffer.from([0])]),
  ),
  'text of another charset': file('a', 'x', 'text/plain; charset=utf-16'),
  'JSON of too many characters': file('a.json', `"${'x'.repeat(8_388_608)}"`),
  'a line of too many characters': file('a.jsonl', `"${'x'.repeat(8_388_608)}"`),
  'a form field that is no text': { disposition: '; name="a"', content: Buffer.from([0xff]) },
};

for (const [what, part] of Object.entries(unscannable)) {
  test(`${what} is refused, and it is said where`, async () => {
    const body = bodyOf([field('purpose', 'x'), part]);
    const error = await redact(cutAt(body, [300, 1000])).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ProxyError, String(error));
    assert.deepEqual([error.code, error.status], ['unscannable_upload', 400]);
    assert.doesNotMatch(error.message, /jane/);
  });
}

test('an encoded part of text is refused', async () => {
  const part = bodyOf([field('a', 'x')])
    .toString()
    .replace('\r\n\r\n', '\r\nContent-Transfer-Encoding: base64\r\n\r\n');
  await assert.rejects(redact([Buffer.from(part)]), { code: 'unscannable_upload' });
});

test('what redaction throws ends the stream, and where it was is told without a strange name', async () => {
  const places: string[] = [];
  const blocking = {
    ...plainRedaction,
    replace: (_found: readonly unknown[], where: string): string[] => {
      places.push(where);
      throw new ProxyError('pii_blocked');
    },
  };
  for (const part of [
    field('prompt', text),
    file('a.txt', text),
    field('a b', text),
    file('b@c.example', ''),
  ]) {
    await assert.rejects(redactParts([part], blocking), { code: 'pii_blocked' });
  }
  assert.deepEqual(places, ['the form field "prompt"', 'the file "file"', 'a form field', "a file's name"]);
});

test('what fetch writes, as the SDKs do, is read and can be read again', async () => {
  const form = new FormData();
  form.append('purpose', 'user_data');
  form.append('note\r\n', 'for jane@doe.example');
  form.append('file', new Blob([text]), 'größe "a" to jane@doe.example.txt');
  form.append('image', new Blob([Buffer.from([0, 13, 10, 45, 45])], { type: 'image/png' }), 'a.png');
  const written = new Response(form);
  const type = written.headers.get('content-type')!;
  const bytes = await redact([Buffer.from(await written.arrayBuffer())], plainRedaction, type);
  const again = await new Response(bytes, { headers: { 'content-type': type } }).formData();
  const file = again.get('file') as File;
  const image = again.get('image') as File;
  assert.deepEqual([again.get('purpose'), again.get('note\r\n')], ['user_data', 'for [EMAIL]']);
  assert.deepEqual([file.name, await file.text()], ['größe "a" to [EMAIL].txt', masked]);
  assert.deepEqual(Buffer.from(await image.arrayBuffer()), Buffer.from([0, 13, 10, 45, 45]));
});

test('a redaction that fails refuses the upload, and nothing of the text is in the error', async () => {
  const outage = new StoreUnavailable('no answer within 250 ms');
  const failures: [Partial<UploadRedaction>, unknown][] = [
    [{ redactJson: (json) => JSON.parse(`${json}x`) as string }, undefined],
    [{ replace: () => Promise.reject(outage) }, outage],
    [{ find: () => Promise.reject(new TypeError(text)) }, undefined],
  ];
  for (const [failure, cause] of failures) {
    const parts = [file('a.jsonl', '{"a":"jane@doe.example"}'), file('a.txt', text)];
    const error = await redactParts(parts, { ...plainRedaction, ...failure }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ProxyError, String(error));
    assert.deepEqual([error.code, error.status, error.cause], ['redaction_failed', 503, cause]);
    assert.doesNotMatch(error.message, /jane/);
  }
});

test('a source that fails fails what comes out of it', async () => {
  async function* failing() {
    yield bodyOf([field('a', 'x')]).subarray(0, 90);
    throw new ProxyError('request_timeout');
  }
  const stream = redactMultipart(
    Readable.from(failing(), { objectMode: false }),
    contentType,
    plainRedaction,
  );
  await assert.rejects(stream.toArray(), { code: 'request_timeout' });
});

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';

import { Pool } from 'undici';

import type { Exchange, Reply } from '../../../src/exchange.ts';
import { matchOperation } from '../../../src/openai/match-operation.ts';
import { redactUpload } from '../../../src/redaction/uploads/redact-upload.ts';
import { forward } from '../../../src/upstream/forward.ts';
import { plainExchange } from '../../harness/exchange.ts';
import { answerJson, readText, startUpstream } from '../../harness/upstream.ts';
import { bodyOf, contentType, field, file, type Part, plainRedaction } from './plain-redaction.ts';

function upload(parts: readonly Part[], headers: Record<string, string> = {}): Exchange {
  const body = bodyOf(parts);
  const { operation } = matchOperation('POST', '/v1/files')!;
  const open = () => Readable.from([body], { objectMode: false });
  return {
    ...plainExchange(),
    method: 'POST',
    path: '/files',
    operation,
    headers: { 'content-type': contentType, 'content-length': `${body.length}`, ...headers },
    body: { kind: 'unread', source: { open, collect: async () => body } },
  };
}

interface Seen {
  readonly length: string | undefined;
  readonly body: string;
}

async function send(t: TestContext, exchange: Exchange): Promise<{ reply: Promise<Reply>; seen: Seen[] }> {
  const seen: Seen[] = [];
  const upstream = await startUpstream(t, async (request, response) => {
    seen.push({ length: request.headers['content-length'], body: await readText(request) });
    answerJson(response, { id: 'file-1' });
  });
  const dispatcher = new Pool(`http://127.0.0.1:${upstream.port}`);
  t.after(() => dispatcher.destroy());
  const identity = { dialect: 'openai', apiKey: () => '', organization: '', project: '' } as const;
  return { reply: forward({ baseUrl: upstream.url, identity, dispatcher })(exchange), seen };
}

const parts = [field('purpose', 'assistants'), file('a.txt', 'jane@doe.example')];
const redacted = [field('purpose', 'assistants'), file('a.txt', '[EMAIL]')];

test('an upload reaches the upstream redacted, in another length', async (t) => {
  const { reply, seen } = await send(t, redactUpload(upload(parts), plainRedaction));
  assert.equal((await reply).status, 200);
  assert.deepEqual(seen, [{ length: undefined, body: bodyOf(redacted).toString() }]);
});

test('an upload that is refused on its way reaches the upstream as no whole body, and says why', async (t) => {
  const bad = [...parts, file('b.txt', Buffer.from([0xff]))];
  const { reply, seen } = await send(t, redactUpload(upload(bad), plainRedaction));
  await assert.rejects(reply, { code: 'unscannable_upload', status: 400 });
  assert.deepEqual(seen, []);
});

test('whoever needs the whole body has it redacted, as far as it is not too large', async () => {
  const sourceOf = () => {
    const { body } = redactUpload(upload(parts), plainRedaction);
    assert.ok(body.kind === 'unread');
    return body.source;
  };
  assert.deepEqual(await sourceOf().collect(10_000), bodyOf(redacted));
  await assert.rejects(sourceOf().collect(10), { code: 'body_too_large' });
});

test('a compressed upload is refused, and what is no upload stays as it is', () => {
  const compressed = upload(parts, { 'content-encoding': 'gzip' });
  assert.throws(() => redactUpload(compressed, plainRedaction), { code: 'unscannable_upload' });
  const other = plainExchange();
  assert.equal(redactUpload(other, plainRedaction), other);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { matchOperation } from '../../src/openai/match-operation.ts';

const names: readonly (readonly [title: string, method: string, pathname: string, name: string])[] = [
  ['a literal segment wins over a parameter', 'POST', '/v1/threads/runs', 'threads.createAndRun'],
  ['a parameter takes what no literal wants', 'POST', '/v1/threads/thread_1', 'threads.update'],
  ['a literal without the method leaves it to the parameter', 'GET', '/v1/threads/runs', 'threads.retrieve'],
  ['a WebSocket upgrade is an operation', 'GET', '/v1/realtime', 'realtime.connect'],
  ['an escaped letter is that letter', 'POST', '/v1/%63hat/completion%73', 'chat.completions.create'],
  ['an escaped character may stand in a parameter', 'GET', '/v1/models/ft%3Agpt%C3%A9', 'models.retrieve'],
  ['dots inside a segment are plain', 'GET', '/v1/models/..gpt-4.1..', 'models.retrieve'],
  ['case matters', 'POST', '/v1/Chat/Completions', 'unknown'],
  ['a lower-case method is another method', 'post', '/v1/chat/completions', 'unknown'],
  ['an unknown path is unknown', 'POST', '/v1/brand_new', 'unknown'],
  ['names of inherited members are no operations', 'POST', '/v1/__proto__/constructor', 'unknown'],
  ['a path that goes on is another path', 'POST', '/v1/chat/completions/a/b/c', 'unknown'],
  ['a path that stops early is another path', 'POST', '/v1/chat', 'unknown'],
];

for (const [title, method, pathname, name] of names) {
  test(`${title}: ${method} ${pathname}`, () => {
    assert.equal(matchOperation(method, pathname)?.operation.name, name);
  });
}

test('Azure-style paths are the same operations', () => {
  for (const prefix of ['/v1', '/openai/v1', '/openai']) {
    const match = matchOperation('POST', `${prefix}/chat/completions`);
    assert.equal(match?.operation.name, 'chat.completions.create');
    assert.equal(match?.path, '/chat/completions');
    assert.ok(!('deployment' in match));
  }
});

test("a deployment's name is given apart, undecoded", () => {
  const match = matchOperation('POST', '/openai/deployments/my%20gpt/chat/completions');
  assert.equal(match?.operation.name, 'chat.completions.create');
  assert.equal(match?.path, '/chat/completions');
  assert.equal(match?.deployment, 'my%20gpt');
});

test('a deployment alone is a path like any other', () => {
  const match = matchOperation('GET', '/openai/deployments/gpt');
  assert.equal(match?.operation.name, 'unknown');
  assert.equal(match?.path, '/deployments/gpt');
  assert.ok(!('deployment' in match));
});

test('one trailing slash is dropped, so what is governed is what is sent', () => {
  const match = matchOperation('POST', '/v1/chat/completions/');
  assert.equal(match?.operation.name, 'chat.completions.create');
  assert.equal(match?.path, '/chat/completions');
});

test('the path stays undecoded', () => {
  assert.equal(matchOperation('GET', '/v1/files/a%20b/content')?.path, '/files/a%20b/content');
});

const refused: readonly (readonly [why: string, pathname: string])[] = [
  ['no leading slash', 'v1/models'],
  ['empty', ''],
  ['the root', '/'],
  ['a prefix with nothing below', '/v1'],
  ['a prefix with only a slash below', '/v1/'],
  ['another prefix', '/v2/models'],
  ['a prefix that goes on', '/v10/models'],
  ['an escaped prefix', '/%76%31/models'],
  ['an absolute form', 'http://host/v1/models'],
  ['two leading slashes', '//v1/models'],
  ['an empty segment', '/v1//models'],
  ['two trailing slashes', '/v1/models//'],
  ['a parent segment', '/v1/models/../files'],
  ['a parent segment at the end', '/v1/models/..'],
  ['a current segment', '/v1/./models'],
  ['an escaped parent segment', '/v1/models/%2e%2E/files'],
  ['a half escaped parent segment', '/v1/models/.%2e/files'],
  ['an escaped current segment', '/v1/%2e/models'],
  ['a parent segment for a deployment', '/openai/deployments/../chat/completions'],
  ['a backslash', '/v1/models\\x'],
  ['an escaped backslash', '/v1/models%5cx'],
  ['an escaped slash', '/v1/models/a%2fb'],
  ['an escaped slash in upper case', '/v1/models/a%2Fb'],
  ['an escaped zero', '/v1/models/a%00'],
  ['an escaped line end', '/v1/models/a%0d%0Ab'],
  ['an escaped delete', '/v1/models/a%7f'],
  ['a raw control character', '/v1/models/a\nb'],
  ['a space', '/v1/models/a b'],
  ['a raw letter that is not ASCII', '/v1/models/é'],
  ['an escape cut short', '/v1/models/a%4'],
  ['an escape that is none', '/v1/models/%zz'],
  ['an escape that is no UTF-8', '/v1/models/%ff'],
  ['an overlong dot', '/v1/models/%c0%ae%c0%ae/files'],
  ['a query', '/v1/models?x=1'],
  ['a fragment', '/v1/models#x'],
];

for (const [why, pathname] of refused) {
  test(`a path is refused for ${why}: ${JSON.stringify(pathname)}`, () => {
    assert.equal(matchOperation('GET', pathname), undefined);
    assert.equal(matchOperation('POST', pathname), undefined);
  });
}

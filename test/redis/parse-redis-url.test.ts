import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseRedisUrl } from '../../src/redis/parse-redis-url.ts';

const plain = { tls: false, username: undefined, password: undefined, db: 0, masterName: '' };

test('servers, sentinels and clusters are told apart', () => {
  const one = { ...plain, kind: 'single', hosts: [{ host: 'h', port: 6379 }] };
  assert.deepEqual(parseRedisUrl('redis://h'), one);
  assert.deepEqual(parseRedisUrl('rediss://h:1/3'), {
    ...one,
    hosts: [{ host: 'h', port: 1 }],
    tls: true,
    db: 3,
  });
  assert.deepEqual(parseRedisUrl('redis+sentinel://a,b:2/main/4'), {
    ...plain,
    kind: 'sentinel',
    hosts: [
      { host: 'a', port: 26_379 },
      { host: 'b', port: 2 },
    ],
    db: 4,
    masterName: 'main',
  });
  assert.deepEqual(parseRedisUrl('rediss+cluster://[::1]:7000,b:7001'), {
    ...plain,
    kind: 'cluster',
    tls: true,
    hosts: [
      { host: '::1', port: 7000 },
      { host: 'b', port: 7001 },
    ],
  });
});

test('a login may have any character, percent-encoded', () => {
  const { username, password } = parseRedisUrl('redis://us%3Aer:p%40s%2Fs:w@h');
  assert.deepEqual([username, password], ['us:er', 'p@s/s:w']);
  assert.equal(parseRedisUrl('redis://:secret@h').username, undefined);
});

test('what is malformed is refused, without a word of the password', () => {
  const malformed = [
    '',
    'http://:hunter2@h',
    'redis://',
    'redis://:hunter2@',
    'redis://:hunter2@h:0',
    'redis://:hunter2@h:65536',
    'redis://:hunter2@h:x',
    'redis://:hunter2@h/db',
    'redis://:hunter2@h/1/2',
    'redis://:hunter2@a,b',
    'redis://hunter2@h',
    'redis+sentinel://:hunter2@h',
    'redis+cluster://:hunter2@h/1',
    'redis://:hunter2%@h',
    'redis://:hunter2@h?db=1',
  ];
  for (const url of malformed) {
    assert.throws(
      () => parseRedisUrl(url),
      (error: Error) => !`${error.message}${error.stack}`.includes('hunter2'),
      url,
    );
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { StoreUnavailable } from '../../src/ledger/ledger.ts';
import { until } from '../harness/redis.ts';
import { admission, budget, concurrency, org, rate } from '../ledger/contract/ledger-under-test.ts';
import { openLedger } from './open-ledger.ts';
import { startScriptedServer } from './scripted-server.ts';

const now = ':1795300000000\r\n';
const word = (text: string) => `$${text.length}\r\n${text}\r\n`;
const array = (...parts: string[]) => `*${parts.length}\r\n${parts.join('')}`;
const integers = (...values: number[]) => values.map((value) => `:${value}\r\n`).join('');

const garbage: Record<string, string> = {
  'an integer': ':1\r\n',
  'a text': word('granted'),
  nothing: '$-1\r\n',
  'an empty list': '*0\r\n',
  'a kind alone': array(word('granted')),
  'a kind that is none': array(word('maybe'), now),
  'a grant without amounts': array(word('granted'), now),
  'a grant with a text for a number': `*6\r\n${word('granted')}${now}${integers(0, 0, 1)}${word('1')}`,
  'a grant with too few budgets': `*6\r\n${word('granted')}${now}${integers(0, 0, 1, 1)}`,
  'a grant with more than there is': `*13\r\n${word('granted')}${now}${integers(0, 0, 1, 1, 0, 9, 0, 0, 0, 0, 7)}`,
  'a grant of more than was asked for': `*12\r\n${word('granted')}${now}${integers(900, 0, 1, 1, 0, 9, 0, 0, 0, 0)}`,
  'a grant with a negative amount': `*12\r\n${word('granted')}${now}${integers(0, 0, -1, 1, 0, 9, 0, 0, 0, 0)}`,
  'a grant beyond what is exact': `*12\r\n${word('granted')}${now}${integers(0, 0, 1, 1, 0, 9)}:9007199254740993\r\n${integers(0, 0, 0)}`,
  'a denial by a list that is none': `*11\r\n${word('denied')}${now}${word('moods')}${integers(0, 1, 0, 9, 0, 0, 0, 0)}`,
  'a denial by a line that is none': `*11\r\n${word('denied')}${now}${word('budgets')}${integers(5, 1, 0, 9, 0, 0, 0, 0)}`,
  'a denial by a unit that is none': `*11\r\n${word('denied')}${now}${word('budgets')}${integers(0, 3, 0, 9, 0, 0, 0, 0)}`,
  'a clock that is never right': array(word('clock'), now),
  'a deadline that is always over': array(word('late'), now),
  LOADING: '-LOADING Redis is loading the dataset in memory\r\n',
  MASTERDOWN: '-MASTERDOWN Link with MASTER is down\r\n',
  'MOVED, though it is no cluster': '-MOVED 1 127.0.0.1:1\r\n',
  'ASK, though it is no cluster': '-ASK 1 127.0.0.1:1\r\n',
  'an error of a script': '-ERR user_script:1: attempt to index a nil value\r\n',
  'bytes that are no answer at all': 'HTTP/1.1 400 Bad Request\r\n\r\n',
};

for (const [name, reply] of Object.entries(garbage)) {
  test(`${name} for an answer is an outage, and never a decision`, async (t) => {
    let asked = 0;
    const url = await startScriptedServer(t, () => {
      asked += 1;
      return reply;
    });
    const { ledger } = openLedger(t, url, { timeoutMs: 500 });
    const call = admission({ budgets: [budget()], rates: [], concurrencies: [] });
    const charge = { tokens: 1, nanoUsd: 0 };
    await until(async () => {
      await assert.rejects(ledger.admit(call), StoreUnavailable);
      return asked > 0;
    });
    await assert.rejects(ledger.settle({ org, holdId: 'a', charge, estimated: false }), StoreUnavailable);
    await assert.rejects(ledger.claimDue({ org, max: 1, claimMs: 1 }), StoreUnavailable);
    await assert.rejects(ledger.windows(org), StoreUnavailable);
    await assert.rejects(ledger.reset(org, 'day'), StoreUnavailable);
  });
}

test('a connection that breaks in mid-answer is an outage', async (t) => {
  let asked = 0;
  const url = await startScriptedServer(t, (socket) => {
    asked += 1;
    socket.end(`*6\r\n${word('granted')}`);
    return '';
  });
  const { ledger } = openLedger(t, url, { timeoutMs: 500 });
  const call = admission({ budgets: [budget()], rates: [rate()], concurrencies: [concurrency()] });
  await until(async () => {
    await assert.rejects(ledger.admit(call), StoreUnavailable);
    return asked > 0;
  });
  assert.equal(asked, 1, 'a call that may have been counted is not sent again');
});

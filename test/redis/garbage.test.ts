import assert from 'node:assert/strict';
import { test } from 'node:test';

import { packDoubles } from '../../src/redis/doubles.ts';
import { StoreUnavailable } from '../../src/store-unavailable.ts';
import { until } from '../harness/redis.ts';
import { admission, budget, concurrency, org, rate } from '../ledger/contract/ledger-under-test.ts';
import { array, word } from './garbled-replies.ts';
import { openLedger } from './open-ledger.ts';
import { startScriptedServer } from './scripted-server.ts';

const nowMs = 1_795_300_000_000;
const numbers = (...values: number[]) => word(packDoubles(values).toString('latin1'));
const states = [0, 9, 0, 0, 0, 0, 0, 0];

const garbage: Record<string, string> = {
  'an integer': ':1\r\n',
  'a text': word('granted'),
  nothing: '$-1\r\n',
  'an empty list': '*0\r\n',
  'numbers alone': array(numbers(nowMs)),
  'numbers that are cut off': array(word('1234567'), word('granted')),
  'a kind without a time': array(numbers(), word('granted')),
  'a kind that is none': array(numbers(nowMs), word('maybe')),
  'a list of integers': array(':1\r\n', ':2\r\n'),
  'a grant without amounts': array(numbers(nowMs), word('granted')),
  'a grant with a fraction for an amount': array(numbers(nowMs, 0, 0, 1.5, 1, ...states), word('granted')),
  'a grant with too few budgets': array(numbers(nowMs, 0, 0, 1, 1), word('granted')),
  'a grant with more than there is': array(numbers(nowMs, 0, 0, 1, 1, ...states, 7), word('granted')),
  'a grant with one text too many': array(numbers(nowMs, 0, 0, 1, 1, ...states), word('granted'), word('a')),
  'a grant of more than was asked for': array(numbers(nowMs, 900, 0, 1, 1, ...states), word('granted')),
  'a grant with a negative amount': array(numbers(nowMs, 0, 0, -1, 1, ...states), word('granted')),
  'a grant with an amount that is none': array(
    numbers(nowMs, 0, 0, Number.NaN, 1, ...states),
    word('granted'),
  ),
  'a grant beyond what is exact': array(numbers(nowMs, 0, 0, 1, 2 ** 53, ...states), word('granted')),
  'a denial by a list that is none': array(numbers(nowMs, 0, 1, ...states), word('denied'), word('moods')),
  'a denial by a line that is none': array(numbers(nowMs, 5, 1, ...states), word('denied'), word('budgets')),
  'a denial by a unit that is none': array(numbers(nowMs, 0, 3, ...states), word('denied'), word('budgets')),
  'a clock that is never right': array(numbers(nowMs), word('clock')),
  'a deadline that is always over': array(numbers(nowMs), word('late')),
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

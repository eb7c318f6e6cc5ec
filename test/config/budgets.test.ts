import assert from 'node:assert/strict';
import { test } from 'node:test';

import { loadConfig } from '../../src/config/load.ts';
import { createRules } from '../../src/ledger/rules.ts';
import { createWindow } from '../../src/ledger/windows.ts';
import { problemsOf } from './problems-of.ts';

const env = { OPENAI_API_KEY: 'sk-1' };
const budget = { name: 'b', limit: { tokens: 1 }, window: { every: 'day' } };
const limit = { name: 'l', concurrency: 1 };
const rate = { rate: 1, per: 'second' };

function load(file: object) {
  return loadConfig({ text: JSON.stringify(file), env });
}

function problemsIn(file: object): string[] {
  return problemsOf({ text: JSON.stringify(file), env, file: 'f' }).map(
    ({ path, message }) => `${path} ${message}`,
  );
}

test('a budget and a limit need little, and have their defaults', () => {
  const config = load({ budgets: [budget], limits: [limit] });
  assert.deepEqual(config.budgets, [
    {
      name: 'b',
      per: [],
      match: {},
      limit: { tokens: 1 },
      window: { every: 'day' },
      reserve: 'full',
      overshootPercent: 5,
      onTight: 'clamp',
      mode: 'enforce',
    },
  ]);
  assert.deepEqual(config.limits, [{ name: 'l', per: [], match: {}, concurrency: 1, waitUpToMs: 0 }]);
});

test('what the configuration takes is what the ledger makes its rules of', () => {
  const { match } = createRules(
    load({
      budgets: [
        {
          ...budget,
          limit: { usd: 5 },
          window: { rolling: '7d' },
          match: { model: 'gpt-5*', team: ['a', 'b'] },
        },
        { ...budget, name: 'c', window: { every: 'month', timezone: 'Europe/Berlin' } },
      ],
      limits: [limit, { name: 'm', tokens: { ...rate, burst: 9 }, waitUpToMs: 600_000 }],
    }),
  );
  const identity = { org: 'o', team: 'b', app: '', user: '' };
  const facts = { identity, model: 'gpt-5', assistant: '', operation: '', metadata: () => '' };
  const { budgets, rates, concurrencies } = match(facts);
  assert.deepEqual(
    budgets.map(({ window }) => window.code),
    ['rolling:604800000', 'month@Europe/Berlin'],
  );
  assert.deepEqual([rates[0]?.burst, concurrencies[0]?.max], [9, 1]);
});

for (const name of ['', 'Org', '-a', 'a b', 'a_b', 'a'.repeat(64), 'ä']) {
  test(`${JSON.stringify(name)} is no name`, () => {
    assert.deepEqual(
      problemsIn({ budgets: [{ ...budget, name }] }).map((problem) => problem.split(' ', 1)[0]),
      ['budgets[0].name'],
    );
  });
}

test('budgets and limits share their names, and each repetition is told', () => {
  const names = [budget, { ...budget, name: 'c' }, budget];
  assert.deepEqual(problemsIn({ budgets: names, limits: [{ ...limit, name: 'c' }] }), [
    'budgets[2].name is also the name of budgets[0]; budgets and limits share their names, so give each its own',
    'limits[0].name is also the name of budgets[1]; budgets and limits share their names, so give each its own',
  ]);
});

test('a repeated name is told although something else is wrong with a budget', () => {
  const problems = problemsIn({ budgets: [budget, { ...budget, limit: { tokens: -1 } }] });
  assert.deepEqual(
    problems.map((problem) => problem.split(' ', 1)[0]),
    ['budgets[1].limit.tokens', 'budgets[1].name'],
  );
});

for (const [what, change, problem] of [
  ['no limit', { limit: {} }, 'limit needs tokens, usd or both'],
  ['a limit of 0 tokens', { limit: { tokens: 0 } }, 'limit.tokens must be at least 1'],
  ['part of a token', { limit: { tokens: 1.5 } }, 'limit.tokens must be an integer'],
  ['too many tokens', { limit: { tokens: 9.1e15 } }, 'limit.tokens must be at most 9000000000000000'],
  ['a limit of 0 USD', { limit: { usd: 0 } }, 'limit.usd must be at least 0.000001'],
  ['a negative limit', { limit: { usd: -5 } }, 'limit.usd must be at least 0.000001'],
  ['too many USD', { limit: { usd: 9_000_001 } }, 'limit.usd must be at most 9000000'],
  ['an unknown unit', { limit: { eur: 5 } }, 'limit.eur is not a known key'],
  ['no window', { window: {} }, 'window needs one of every'],
  ['two windows', { window: { every: 'day', rolling: '1d' } }, 'window needs one of every'],
  ['a rolling window in a zone', { window: { rolling: '1d', timezone: 'UTC' } }, 'window needs one of every'],
  [
    'an unknown period',
    { window: { every: 'year' } },
    'window.every must be one of minute, hour, day, week, month',
  ],
  [
    'an unknown zone',
    { window: { every: 'day', timezone: 'Mars/Olympus' } },
    'window.timezone is not a time zone',
  ],
  [
    'an offset as a zone',
    { window: { every: 'day', timezone: '+01:00' } },
    'window.timezone is not a time zone',
  ],
  ['an empty zone', { window: { every: 'day', timezone: '' } }, 'window.timezone is not a time zone'],
  ['a window below a minute', { window: { rolling: '0m' } }, 'window.rolling must be a number of'],
  ['seconds', { window: { rolling: '90s' } }, 'window.rolling must be a number of'],
  ['a window over 366 days', { window: { rolling: '367d' } }, 'window.rolling must be a number of'],
  ['a huge number of minutes', { window: { rolling: '999999999m' } }, 'window.rolling must be a number of'],
  ['a window without a unit', { window: { rolling: '7' } }, 'window.rolling must be a number of'],
  ['a number as a window', { window: { rolling: 7 } }, 'window.rolling must be a string'],
  ['a dimension twice', { per: ['team', 'team'] }, 'per must not name anything twice'],
  ['an unknown dimension', { per: ['team', 'country'] }, 'per[1] must be one of org, team, app'],
  ['metadata without a key', { per: ['metadata.'] }, 'per[0] must be one of org, team, app'],
  ['an unknown dimension to match', { match: { country: 'de' } }, 'match may hold only org, team, app'],
  ['a star in the middle', { match: { model: 'gpt-*-mini' } }, 'match.model may hold * only at its start'],
  ['no pattern', { match: { model: [] } }, 'match.model must not be empty'],
  ['an unknown mode', { mode: 'off' }, 'mode must be one of enforce, observe'],
  ['a negative overshoot', { overshootPercent: -1 }, 'overshootPercent must be at least 0'],
] as const) {
  test(`a budget with ${what} is refused`, () => {
    const [first, ...others] = problemsIn({ budgets: [{ ...budget, ...change }] });
    assert.deepEqual(others, []);
    assert.ok(first?.startsWith(`budgets[0].${problem}`), first);
  });
}

for (const rolling of ['1m', '366d', '527040m', '8784h']) {
  test(`a window may roll over ${rolling}`, () => {
    assert.deepEqual(problemsIn({ budgets: [{ ...budget, window: { rolling } }] }), []);
  });
}

for (const timezone of Intl.supportedValuesOf('timeZone').filter((_, index) => index % 40 === 0)) {
  test(`${timezone} is a time zone, to the configuration and to the ledger`, () => {
    const { budgets } = load({ budgets: [{ ...budget, window: { every: 'week', timezone } }] });
    const [rule] = budgets;
    assert.equal(rule && createWindow(rule.window).code, `week@${timezone}`);
  });
}

for (const [what, change, problem] of [
  ['no kind', { concurrency: undefined }, ' needs one of requests, tokens and concurrency'],
  ['two kinds', { tokens: rate }, ' needs one of requests, tokens and concurrency'],
  ['a concurrency of 0', { concurrency: 0 }, '.concurrency must be at least 1'],
  ['a wait over ten minutes', { waitUpToMs: 600_001 }, '.waitUpToMs must be at most 600000'],
  ['a negative wait', { waitUpToMs: -1 }, '.waitUpToMs must be at least 0'],
] as const) {
  test(`a limit with ${what} is refused`, () => {
    const [first, ...others] = problemsIn({ limits: [{ ...limit, ...change }] });
    assert.deepEqual(others, []);
    assert.ok(first?.startsWith(`limits[0]${problem}`), first);
  });
}

for (const [what, change, problem] of [
  ['0', { rate: 0 }, 'rate must be more than 0'],
  ['less than 0', { rate: -1 }, 'rate must be more than 0'],
  ['something a week', { per: 'week' }, 'per must be one of second, minute, hour, day'],
  ['an unsaid time', { per: undefined }, 'per is required'],
  ['a burst below 1', { burst: 0.5 }, 'burst must be at least 1'],
] as const) {
  test(`a rate of ${what} is refused`, () => {
    const [first, ...others] = problemsIn({ limits: [{ name: 'l', requests: { ...rate, ...change } }] });
    assert.deepEqual(others, []);
    assert.ok(first?.startsWith(`limits[0].requests.${problem}`), first);
  });
}

test('thresholds are shares of 1 to 100 percent, none twice', () => {
  assert.deepEqual(problemsIn({ thresholdPercents: [50, 50] }), [
    'thresholdPercents must not name anything twice (from f)',
  ]);
  assert.deepEqual(problemsIn({ thresholdPercents: [0, 101] }), [
    'thresholdPercents[0] must be at least 1 (from f)',
    'thresholdPercents[1] must be at most 100 (from f)',
  ]);
});

test('the number of a limit may come from the environment', () => {
  const text = 'limits: [{ name: l, requests: { rate: "${RATE}", per: second } }]';
  const { limits } = loadConfig({ text, env: { ...env, RATE: '2.5' } });
  assert.equal(limits[0]?.requests?.rate, 2.5);
});

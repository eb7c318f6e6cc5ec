/** The keys that say how much may be spent, and how fast. */
import Type from 'typebox';

import {
  checkedText,
  choice,
  entry,
  list,
  milliseconds,
  name,
  number,
  oneOrMany,
  section,
  webhookUrl,
} from './fields.ts';

/** Sums stay exact below this; as `src/ledger/amounts.ts` has it. */
const maxTokens = 9_000_000_000_000_000;
const maxUsd = 9_000_000;

const dimensionForms = 'org, team, app, user, model, assistant, operation, metadata.KEY';

const per = Type.Array(
  checkedText('A dimension.', (value) => isDimension(value), `must be one of ${dimensionForms}`),
  {
    default: [],
    uniqueItems: true,
    maxItems: 8,
    description: `One share for each combination of these (${dimensionForms}); empty: one for all.`,
  },
);

const match = Type.Refine(
  Type.Record(
    Type.String(),
    oneOrMany(
      checkedText(
        'A pattern.',
        (value) => !value.slice(1, -1).includes('*'),
        'may hold * only at its start and at its end',
      ),
      'A pattern, or several of which one must fit.',
    ),
    {
      default: {},
      description: 'Only calls that fit: dimensions to a pattern, or a list of such, with `*` at either end.',
    },
  ),
  (value) => Object.keys(value).every(isDimension),
  () => `may hold only ${dimensionForms}`,
);

const window = Type.Refine(
  entry({
    every: Type.Optional(
      Type.Enum(['minute', 'hour', 'day', 'week', 'month'], {
        description: 'A calendar window; weeks begin on Monday, minutes and hours are those of UTC.',
      }),
    ),
    timezone: Type.Optional(
      checkedText(
        "The calendar's time zone, such as Europe/Berlin; UTC if left out.",
        isTimeZone,
        'is not a time zone that is known here; use an IANA name, such as Europe/Berlin',
      ),
    ),
    rolling: Type.Optional(
      checkedText(
        'A rolling window in place of a calendar one: `7d`, `12h`, `30m`.',
        isRollingLength,
        'must be a number of minutes, hours or days, such as 30m, 12h or 7d, from 1m to 366d',
      ),
    ),
  }),
  ({ every, timezone, rolling }) =>
    every === undefined ? rolling !== undefined && timezone === undefined : rolling === undefined,
  () => 'needs one of every, perhaps with timezone, and rolling',
);

const budgetLimit = Type.Refine(
  entry({
    tokens: Type.Optional(
      Type.Integer({ minimum: 1, maximum: maxTokens, description: 'Tokens that a window may cost.' }),
    ),
    usd: Type.Optional(
      Type.Number({ minimum: 0.000001, maximum: maxUsd, description: 'US dollars that a window may cost.' }),
    ),
  }),
  ({ tokens, usd }) => tokens !== undefined || usd !== undefined,
  () => 'needs tokens, usd or both',
);

export const budgetsList = list(
  entry({
    name: name('What the budget is called; budgets and limits share their names.'),
    per,
    match,
    limit: budgetLimit,
    window,
    reserve: choice(
      ['full', 'learned'],
      'full',
      'What a call holds while it runs: all it may cost, or what such calls usually cost.',
    ),
    overshootPercent: number(5, 'By how much a `learned` budget may be overshot.', { maximum: 1000 }),
    onTight: choice(
      ['clamp', 'deny'],
      'clamp',
      "Near the limit, whether a call's maximum of output is lowered to what is left, or the call denied.",
    ),
    mode: choice(['enforce', 'observe'], 'enforce', 'Whether the budget denies, or only counts and reports.'),
  }),
  'What may be spent: every budget that matches a call must have room for it.',
);

export const limitsList = list(
  Type.Refine(
    entry({
      name: name('What the limit is called; budgets and limits share their names.'),
      per,
      match,
      requests: Type.Optional(rate('requests')),
      tokens: Type.Optional(rate('tokens')),
      concurrency: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Calls that may run at one time.' }),
      ),
      waitUpToMs: milliseconds(0, 'How long a call waits for its turn before it is denied.', {
        minimum: 0,
        // The SDKs give up after ten minutes.
        maximum: 600_000,
      }),
    }),
    ({ requests, tokens, concurrency }) =>
      [requests, tokens, concurrency].filter((kind) => kind !== undefined).length === 1,
    () => 'needs one of requests, tokens and concurrency; write another limit for another',
  ),
  'How fast: each limits one of requests, tokens and concurrency.',
);

export const thresholdPercentsList = Type.Array(Type.Integer({ minimum: 1, maximum: 100 }), {
  default: [50, 80, 95],
  uniqueItems: true,
  description: "Shares of a budget's limit that are reported when its use crosses them.",
});

export const webhookSection = section({
  url: webhookUrl("Called when a budget's use crosses a threshold; empty: nobody is."),
  timeoutMs: milliseconds(2000, 'How long a call of the webhook may take.'),
});

function rate(what: string) {
  return entry({
    rate: Type.Number({
      exclusiveMinimum: 0,
      maximum: maxTokens,
      description: `How many ${what} in each \`per\`.`,
    }),
    per: Type.Enum(['second', 'minute', 'hour', 'day'], { description: 'The time that `rate` is for.' }),
    burst: Type.Optional(
      Type.Number({
        minimum: 1,
        maximum: maxTokens,
        description: `How many ${what} may come at once; left out: those of one \`per\`, and at least 1.`,
      }),
    ),
  });
}

function isDimension(value: string): boolean {
  return /^(org|team|app|user|model|assistant|operation|metadata\.[\w.-]{1,64})$/.test(value);
}

/** Offsets such as +01:00 are refused: they know no summer time, and are rarely meant. */
function isTimeZone(value: string): boolean {
  if (!/^[A-Za-z]/.test(value)) return false;
  try {
    Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    return false;
  }
}

function isRollingLength(value: string): boolean {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(value) ?? [];
  const minutes = Number(count) * { m: 1, h: 60, d: 1440 }[unit as 'm' | 'h' | 'd'];
  return minutes >= 1 && minutes <= 366 * 1440;
}

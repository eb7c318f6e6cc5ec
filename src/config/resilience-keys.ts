/** The keys of what the sidecar does about an upstream that fails, is slow or refuses. */
import Type from 'typebox';

import {
  baseUrl,
  checkedText,
  choice,
  entry,
  headerText,
  integer,
  list,
  milliseconds,
  name,
  section,
  text,
} from './fields.ts';

export const retrySection = section({
  maxAttempts: integer(3, 'How often a call is sent at most, to all upstreams together; 1: never again.', {
    minimum: 1,
    maximum: 10,
  }),
  baseMs: milliseconds(
    250,
    'Pauses before another attempt are random, between 0 and this, doubled with each attempt.',
  ),
  maxMs: milliseconds(
    8000,
    'The longest such pause; also the longest that an upstream may ask for and be waited for.',
  ),
  budgetPercent: integer(
    20,
    'The share of the calls of the last ten seconds that may be sent again, 10 of them in any case; 0: none.',
    { maximum: 100 },
  ),
  lookUp: choice(
    ['never', 'stored', 'responses'],
    'never',
    'Which generations the upstream is asked about when a connection broke off and they may have run: `stored` are chat completions with `store: true`; `responses` are Responses too, for upstreams that list them (OpenAI does not). They are marked by a key in their metadata, which their answers show.',
  ),
});

const percent = { minimum: 1, maximum: 100 };

export const circuitSection = section({
  failurePercent: integer(
    50,
    'The circuit of an upstream opens when so many of the calls of a window failed or were slow, or `minCalls` in a row.',
    percent,
  ),
  minCalls: integer(20, 'Fewer calls in the window, or bad ones in a row, do not open it.', { minimum: 1 }),
  windowMs: milliseconds(10_000, 'How far back calls count.', { minimum: 100 }),
  openMs: milliseconds(
    5000,
    'How long it stays open until one call probes whether the upstream is well again.',
  ),
  slowMs: milliseconds(
    20_000,
    'An answer that has not begun by then counts as slow, if it would begin at once from an upstream that is well: streams and look-ups; 0: never.',
    { minimum: 0 },
  ),
  slowGenerationMs: milliseconds(
    0,
    'The same for generations that are not streamed, which take as long as the model does; 0: never.',
    { minimum: 0 },
  ),
});

export const overloadSection = section({
  maxConcurrent: integer(2000, 'Calls that one upstream is sent at one time.', { minimum: 1 }),
  maxQueued: integer(1000, 'Calls that wait for one of those to end; further ones are refused at once.'),
  queueUpToMs: milliseconds(10_000, 'How long a call waits there before it is refused.'),
});

export const timeoutsSection = section({
  generation: timeouts('calls that a model answers', {}),
  lookup: timeouts('calls that read or change what the upstream has stored', { firstByteMs: 60_000 }),
  transfer: timeouts('uploads and downloads', {}),
});

function timeouts(what: string, { firstByteMs = 0 }) {
  return section({
    firstByteMs: milliseconds(
      firstByteMs,
      `How long the answer may take to begin, of ${what}; 0: as all, upstream.headersTimeoutMs.`,
      { minimum: 0 },
    ),
    idleMs: milliseconds(
      0,
      `How long the upstream may pause in the middle of an answer, of ${what}; 0: as all, upstream.bodyIdleTimeoutMs.`,
      { minimum: 0 },
    ),
    wholeMs: milliseconds(0, `How long ${what} may take from their arrival to their end; 0: no bound.`, {
      minimum: 0,
    }),
  });
}

export const fallbacksList = list(
  entry({
    name: name('What the upstream is called in logs and metrics.'),
    baseUrl: baseUrl(undefined, 'Where such calls go then.'),
    dialect: choice(['openai', 'azure'], 'openai', 'As `upstream.dialect`.'),
    apiKey: headerText('', 'As `upstream.apiKey`.', { secret: true }),
    apiKeyFile: text('', 'As `upstream.apiKeyFile`.'),
    organization: headerText('', 'As `upstream.organization`.'),
    project: headerText('', 'As `upstream.project`.'),
    models: Type.Record(
      Type.String(),
      checkedText(
        'What the model is called there.',
        (value) => value !== '' && value.length <= 128,
        'must be a name of 1 to 128 characters',
      ),
      {
        default: {},
        description:
          'What models are called there, by what callers call them; with any, other models are not sent there. None: all, by the same names.',
      },
    ),
  }),
  'Upstreams for calls that the ones before could not serve, in this order; only for calls that rest on nothing that an upstream has stored.',
);

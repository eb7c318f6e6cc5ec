/** The keys of the Assistants API that is served here, and of what runs do where their caller says nothing. */
import { choice, integer, milliseconds, section } from './fields.ts';

export const assistantsSection = section({
  backend: choice(
    ['responses', 'chatCompletions', 'passthrough'],
    'responses',
    'What runs are carried out on: the Responses API, Chat Completions (function tools only, for self-hosted engines), or not here: `passthrough` is for an upstream that still has the Assistants API.',
  ),
  upstreamStore: choice(
    ['keep', 'forget'],
    'keep',
    'Whether the upstream keeps the responses of runs, so that one can be looked up after a crash; with `forget` a run that a crash cut short fails.',
  ),
  onStreamLeft: choice(
    ['cancel', 'continue'],
    'cancel',
    'What becomes of a run whose caller leaves its stream before the end.',
  ),
  expireAfterSeconds: integer(600, 'How long a run may take, waiting for tool outputs included.', {
    minimum: 1,
    maximum: 604_800,
  }),
  leaseMs: milliseconds(5000, "How long a crashed pod's run rests before another pod takes it over.", {
    minimum: 1000,
    maximum: 600_000,
  }),
});

const noCap = { minimum: 0, maximum: 1_000_000_000 };

export const defaultsSection = section({
  maxPromptTokens: integer(
    0,
    'Prompt tokens of a whole run that names no `max_prompt_tokens`; 0: no cap.',
    noCap,
  ),
  maxCompletionTokens: integer(
    0,
    'Completion tokens of a whole run that names no `max_completion_tokens`; 0: no cap.',
    noCap,
  ),
  maxPromptTokensCeiling: integer(0, 'What a higher `max_prompt_tokens` is lowered to; 0: nothing.', noCap),
  maxCompletionTokensCeiling: integer(
    0,
    'What a higher `max_completion_tokens` is lowered to; 0: nothing.',
    noCap,
  ),
  truncation: choice(
    ['auto', 'last_messages'],
    'auto',
    'How a thread is cut for a run that names no `truncation_strategy`.',
  ),
  lastMessages: integer(20, 'How many messages `truncation: last_messages` keeps.', { minimum: 1 }),
});

import { ProxyError } from '../../errors.ts';
import { isRecord } from '../../openai/is-record.ts';
import { normalizeUsage } from '../../openai/normalize-usage.ts';
import type { Usage as TokenUsage } from '../../openai/usage.ts';
import type { LastError, Usage } from '../wire.ts';

/** Why a call got an answer with an error status, in the upstream's own words where it has any. */
export function failureOfAnswer(status: number, value: unknown): LastError {
  // What OpenAI says of a wrong key quotes a part of it.
  if (status === 401 || status === 403) {
    return { code: 'server_error', message: `The upstream refused the sidecar's key (${status}).` };
  }
  const message = messageOf(isRecord(value) ? value['error'] : undefined);
  return {
    code:
      status === 429 ? 'rate_limit_exceeded' : callersFaults.has(status) ? 'invalid_prompt' : 'server_error',
    message: message ?? `The upstream answered with status ${status}.`,
  };
}

const callersFaults: ReadonlySet<number> = new Set([400, 404, 413, 422]);

/** Why a call could not be made, as the pipeline told it. */
export function failureOfThrown(error: unknown): LastError {
  if (!(error instanceof ProxyError)) return { code: 'server_error', message: 'The model call failed.' };
  const isLimit = error.code === 'budget_exceeded' || error.code === 'rate_limit_exceeded';
  return { code: isLimit ? 'rate_limit_exceeded' : 'server_error', message: error.message };
}

/** An error that an answer tells in its body, beside a status that promised better. */
export function failureTold(error: unknown): LastError {
  const code = isRecord(error) ? error['code'] : undefined;
  return {
    code: typeof code === 'string' ? lastErrorCode(code) : 'server_error',
    message: messageOf(error) ?? 'The model failed to generate a response.',
  };
}

/** Those of the API's error codes that name the input are the prompt's fault. */
function lastErrorCode(code: string): LastError['code'] {
  if (code === 'rate_limit_exceeded' || code === 'insufficient_quota') return 'rate_limit_exceeded';
  return /image|^invalid_prompt$|^bio_policy$|^context_length_exceeded$/.test(code)
    ? 'invalid_prompt'
    : 'server_error';
}

export const brokenOff: LastError = {
  code: 'server_error',
  message: 'The upstream broke off before the answer was complete.',
};

export const filtered: LastError = {
  code: 'server_error',
  message: "The upstream's content filter stopped the answer.",
};

/** A usage object in either of the API's vocabularies, as runs tell it; undefined if it can't be trusted. */
export function readRunUsage(value: unknown): Usage | undefined {
  return toRunUsage(normalizeUsage(value));
}

export function toRunUsage(usage: TokenUsage | undefined): Usage | undefined {
  return (
    usage && {
      prompt_tokens: usage.inputTokens,
      completion_tokens: usage.outputTokens,
      total_tokens: usage.totalTokens,
    }
  );
}

/** Engines have been seen that tell an error as a text. */
function messageOf(error: unknown): string | undefined {
  const message = isRecord(error) ? error['message'] : error;
  return typeof message === 'string' && message !== '' ? message.slice(0, maxMessageCharacters) : undefined;
}

const maxMessageCharacters = 1000;

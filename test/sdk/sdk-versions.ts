import type * as newest from 'openai';
import type * as four from 'openai-4';

/** OpenAI's SDK, with the newest major's types: what older majors lack or spell otherwise is stated below. */
export type Sdk = typeof newest;

/** Major 4 has the path's ids as arguments in a row, `del` for `delete`, and `beta.chat.completions`. */
export type SdkFour = typeof four;

export type Major = 4 | 5 | 6 | 7;

export const majors: readonly Major[] = [4, 5, 6, 7];

/** Members of a client that not every major has. */
export type Feature = 'conversations' | 'responses.inputTokens' | 'responses.compact' | 'beta.responses';

/** Scenarios that need one of these are left out for that major. */
export const lacking: Record<Major, readonly Feature[]> = {
  4: ['conversations', 'responses.inputTokens', 'responses.compact', 'beta.responses'],
  5: ['responses.inputTokens', 'responses.compact', 'beta.responses'],
  6: [],
  7: [],
};

/** One of the majors that `package.json` installs. */
export async function loadSdk(major: Major): Promise<Sdk> {
  return (await imports[major]()) as unknown as Sdk;
}

const imports: Record<Major, () => Promise<unknown>> = {
  4: () => import('openai-4'),
  5: () => import('openai-5'),
  6: () => import('openai-6'),
  7: () => import('openai'),
};

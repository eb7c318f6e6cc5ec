import { RE2JS, RE2JSSyntaxException } from 're2js';

const maxLength = 1000;

/**
 * What is wrong with a pattern, without quoting it; undefined if it can be used. RE2 takes what can be matched in
 * linear time: no backreferences, nothing that looks around, and no more than 1000 repetitions.
 */
export function patternProblem(pattern: string): string | undefined {
  if (pattern === '') return 'must not be empty';
  if (pattern.length > maxLength) return `must be at most ${maxLength} characters`;
  try {
    return RE2JS.compile(pattern).matcher('').matches() ? 'must not match the empty text' : undefined;
  } catch (error) {
    const reason = error instanceof RE2JSSyntaxException ? error.getDescription() : 'it can not be compiled';
    return `is no regular expression of RE2, which has no look-around and no backreferences: ${reason}`;
  }
}

import { isRecord } from './is-record.ts';
import type { Operation } from './operations.ts';
import { isTokenCount } from './token-count.ts';
import { type ParsedBody, withMember } from './with-member.ts';

/** How much output a call may cause. */
export interface OutputLimit {
  /**
   * The most tokens that each choice may have, reasoning included. Undefined if the caller didn't say, or said
   * what `isTokenCount` takes for none (negative, a fraction, a text, 1e99), which the upstream will refuse.
   */
  readonly outputTokens: number | undefined;
  /** How many answers are generated and billed; at most `maxChoices`. */
  readonly choices: number;
  /** The least that the API takes for a limit. */
  readonly minOutputTokens: number;
  /** Whether `lowerOutputLimit` can bind such a call. */
  readonly canClamp: boolean;
}

/**
 * Where both of a chat's limits are set, the larger is what may be spent: nobody knows which one an upstream
 * obeys, and the smaller must not hide the larger.
 */
export function readOutputLimit({ name }: Operation, value: unknown): OutputLimit {
  const body = isRecord(value) ? value : {};
  const rule = Object.hasOwn(rules, name) ? rules[name]! : noOutput;
  const said = rule.members.map((member) => body[member]).filter(isTokenCount);
  const unsaid = rule.members.every((member) => body[member] === undefined) ? rule.unsaidTokens : undefined;
  return {
    outputTokens: said.length > 0 ? Math.max(...said) : unsaid,
    choices: Math.min(maxChoices, rule.choices?.(body) ?? 1),
    minOutputTokens: rule.minTokens,
    canClamp: rule.members.length > 0,
  };
}

/**
 * The body with which each choice has at most `outputTokens` (a whole number, at least the operation's
 * minimum). What stands above that, or is no count, is set to it: some engines take a negative limit, or a
 * text, for none at all. If the caller set no limit, the operation's own is added. The body itself if there is
 * nothing to change, or no way to.
 */
export function lowerOutputLimit(body: ParsedBody, { name }: Operation, outputTokens: number): ParsedBody {
  const { value } = body;
  if (!isRecord(value) || !Object.hasOwn(rules, name)) return body;
  const { members } = rules[name]!;
  const present = members.filter((member) => (value[member] ?? null) !== null);
  // Engines that know only the older `max_tokens` keep what their callers use.
  const bound = present.length > 0 ? present : members.slice(0, 1);
  return bound.reduce((lowered, member) => {
    const limit = value[member];
    return isTokenCount(limit) && limit <= outputTokens ? lowered : withLimit(lowered, member, outputTokens);
  }, body);
}

function withLimit({ bytes, value }: ParsedBody, member: string, outputTokens: number): ParsedBody {
  return {
    bytes: withMember(bytes, member, String(outputTokens)),
    value: { ...(value as Record<string, unknown>), [member]: outputTokens },
  };
}

interface Rule {
  /** The request's members that limit the output; the first is the one to add. */
  readonly members: readonly string[];
  readonly minTokens: number;
  /** What holds if the request has none of them. */
  readonly unsaidTokens?: number;
  readonly choices?: (body: Record<string, unknown>) => number;
}

const noOutput: Rule = { members: [], minTokens: 1, unsaidTokens: 0 };
/** Its output can't be limited by the caller. */
const unlimited: Rule = { members: [], minTokens: 1 };
/** OpenAI's API description: `minimum: 256`, over all of the run's turns. */
const run: Rule = { members: ['max_completion_tokens'], minTokens: 256 };
/** OpenAI's image guide: 6,240 tokens for the largest image of high quality, and 100 for each of 3 partial ones. */
const image: Rule = { members: [], minTokens: 1, unsaidTokens: 6_540, choices: countN };

/** By operation; those that are missing generate nothing. */
const rules: Readonly<Record<string, Rule>> = {
  'responses.create': { members: ['max_output_tokens'], minTokens: 16 },
  'responses.compact': unlimited,
  'chat.completions.create': {
    members: ['max_completion_tokens', 'max_tokens'],
    minTokens: 1,
    choices: countN,
  },
  // The API's default is 16.
  'completions.create': {
    members: ['max_tokens'],
    minTokens: 1,
    unsaidTokens: 16,
    choices: countCompletions,
  },
  'threads.runs.create': run,
  'threads.createAndRun': run,
  'threads.runs.submitToolOutputs': unlimited,
  'decisions.create': unlimited,
  'batches.create': unlimited,
  'images.generate': image,
  'images.edit': image,
  'images.createVariation': image,
  'audio.speech.create': unlimited,
  'audio.transcriptions.create': unlimited,
};

function countN(body: Record<string, unknown>): number {
  return isCount(body['n']) ? body['n'] : 1;
}

/** For each prompt `best_of` completions are generated, of which `n` are shown. */
function countCompletions(body: Record<string, unknown>): number {
  const { prompt, best_of: bestOf } = body;
  // A list of numbers is one prompt, as tokens.
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? Math.max(1, prompt.length) : 1;
  return prompts * Math.max(countN(body), isCount(bestOf) ? bestOf : 1);
}

/** OpenAI takes at most 128, and no engine as many as this. So the product with a limit stays a safe integer. */
const maxChoices = 1_000_000;

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

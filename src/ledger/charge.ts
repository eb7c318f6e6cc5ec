import { CallerLeft, ProxyError } from '../errors.ts';
import type { Outcome } from '../exchange.ts';
import type { Usage } from '../openai/usage.ts';
import type { Amounts } from './amounts.ts';
import { nothing } from './amounts.ts';

/** How a call ended: with an answer, or with none. */
export type CallEnd =
  | { readonly status: number; readonly outcome: Outcome; readonly seenOutput: SeenTokens | undefined }
  | { readonly error: Error };

/** The output of a stream that told no usage, as far as it was seen. */
export interface SeenTokens {
  readonly outputTokens: number;
  readonly durationMs: number;
}

export interface Charge {
  readonly charge: Amounts | 'hold';
  readonly estimated: boolean;
}

/** What is needed to put a price on a call that has ended. */
export interface Priced {
  readonly held: Amounts;
  cost(usage: Usage, outcome: Outcome): Amounts;
  /** At the price of the model that answered, or was asked for if that is not known; without rebates. */
  costOf(tokens: { readonly input: number; readonly output: number }, answered: string | undefined): Amounts;
  readonly inputTokens: number;
  /** Whether the model may have put out tokens that no stream shows. */
  readonly mayThinkUnseen: boolean;
}

/**
 * What a call is charged, by what is known of its end:
 *
 * - the upstream told its usage: that, exactly;
 * - it never ran, or the upstream refused it: nothing;
 * - its stream broke off: its input and the output seen, with an allowance for what was on its way, unless the
 *   model may have been thinking unseen;
 * - nobody can know: the whole hold, so that the budget stands.
 */
export function chargeOf(priced: Priced, end: CallEnd): Charge {
  if ('error' in end) return mayHaveRun(end.error) ? wholeHold : none;
  const { status, outcome, seenOutput } = end;
  if (outcome.usage) return { charge: priced.cost(outcome.usage, outcome), estimated: false };
  if (status >= 400) return outcome.mayHaveRun === true ? wholeHold : none;
  if (!seenOutput || priced.mayThinkUnseen) return wholeHold;
  const unseen = outcome.ending === 'complete' ? 0 : unseenTokens(seenOutput);
  const seen = { input: priced.inputTokens, output: seenOutput.outputTokens + unseen };
  const charge = priced.costOf(seen, outcome.model);
  return { charge: atMost(charge, priced.held), estimated: true };
}

const none: Charge = { charge: nothing, estimated: false };
const wholeHold: Charge = { charge: 'hold', estimated: true };

function mayHaveRun(error: Error): boolean {
  // What is no error of the table is a fault of ours, at a moment nobody knows.
  return error instanceof ProxyError || error instanceof CallerLeft ? error.mayHaveRun : true;
}

/** What an upstream may have put out before it noticed that nobody listens: 100 ms at the pace so far. */
function unseenTokens({ outputTokens, durationMs }: SeenTokens): number {
  return Math.max(16, Math.ceil((outputTokens / Math.max(durationMs, 1)) * 100));
}

function atMost(charge: Amounts, held: Amounts): Amounts {
  return {
    tokens: Math.min(charge.tokens, held.tokens),
    nanoUsd: Math.min(charge.nanoUsd, held.nanoUsd),
  };
}

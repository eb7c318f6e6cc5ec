import type { Run } from 'openai/resources/beta/threads/runs/runs';

import type { Mint } from '../mint.ts';
import type { Completion } from '../model.ts';
import type { SearchHit } from '../search.ts';
import type { Tokens } from '../tokens.ts';
import type { WrittenFile } from './write-files.ts';

/** What the model does between two stops of a run: from its start, or the outputs it waited for, on. */
export interface Leg {
  run: Run;
  completion: Completion;
  /** What was used before, in earlier legs. */
  usedBefore: Run.Usage;
  /** Found by file_search, if it was asked for. */
  hits: SearchHit[] | undefined;
  /** As the tool has them. */
  ranking: { ranker?: 'auto' | 'default_2024_08_21'; score_threshold: number } | undefined;
  /** What code_interpreter was told; empty if it was not used. */
  code: string;
  written: readonly WrittenFile[];
  startedAt: number;
  endedAt: number;
  mint: Mint;
  tokens: Tokens;
  /** The cap that leaves no room for the call: it is not made. */
  unaffordable: 'max_prompt_tokens' | 'max_completion_tokens' | undefined;
}

export function usageOf(promptTokens: number, completionTokens: number): Run.Usage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

export function addUsage(a: Run.Usage, b: Run.Usage): Run.Usage {
  return usageOf(a.prompt_tokens + b.prompt_tokens, a.completion_tokens + b.completion_tokens);
}

import type { TestContext } from 'node:test';

import { answerJson, readText, startUpstream } from '../harness/upstream.ts';

export interface Bucket {
  readonly limit: number;
  readonly perSecond: number;
  /** What a call asks to be told of the limit; all, unless this says else. */
  isTold?(body: string): boolean;
}

/** An upstream with a limit of requests that it replenishes evenly, and tells of as OpenAI does. */
export async function startTokenBucketUpstream(t: TestContext, { limit, perSecond, isTold }: Bucket) {
  let left = limit;
  let atMs = performance.now();
  const seen = { calls: 0, refused: 0 };
  const { url } = await startUpstream(t, async (request, response) => {
    const body = await readText(request);
    const nowMs = performance.now();
    left = Math.min(limit, left + ((nowMs - atMs) / 1000) * perSecond);
    atMs = nowMs;
    seen.calls += 1;
    const isRefused = left < 1;
    if (isRefused) seen.refused += 1;
    else left -= 1;
    if (isTold?.(body) ?? true) {
      response.setHeader('x-ratelimit-limit-requests', `${limit}`);
      response.setHeader('x-ratelimit-remaining-requests', `${Math.floor(left)}`);
      const resetMs = Math.round(((limit - left) / perSecond) * 1000);
      response.setHeader('x-ratelimit-reset-requests', `${resetMs}ms`);
    }
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    answerJson(response, { id: 'chatcmpl-1', usage }, isRefused ? 429 : 200);
  });
  return { url, seen };
}

import { nanoUsdPerUsd } from '../openai/price.ts';
import type { BudgetLine, BudgetState } from './admission.ts';

/** So many budgets are told; a caller with more has no use for them. */
const maxTold = 8;

/**
 * What the caller's budgets allow and what is left of them, as `RateLimit-Policy` and `RateLimit`
 * (draft-ietf-httpapi-ratelimit-headers): `"team-day";r=1999000;t=3600`, `r` in the unit that `qu` names. What
 * running calls hold is not left. Budgets that only observe are not told.
 */
export function limitHeaders(
  lines: readonly BudgetLine[],
  states: readonly BudgetState[],
  nowMs: number,
): Record<string, string> {
  const policies: string[] = [];
  const limits: string[] = [];
  for (const [index, line] of lines.entries()) {
    const state = states[index];
    if (!state || !line.enforced || limits.length >= maxTold) continue;
    for (const unit of ['tokens', 'nanoUsd'] as const) {
      const limit = line.limit[unit];
      if (limit === undefined) continue;
      const [name, quota, left] =
        unit === 'tokens'
          ? [line.budget, limit, limit - state.used.tokens - state.held.tokens]
          : [
              `${line.budget}-usd-cents`,
              cents(limit),
              cents(limit - state.used.nanoUsd - state.held.nanoUsd),
            ];
      const windowSeconds = Math.round(
        (line.window.kind === 'rolling' ? line.window.lengthMs : state.endMs - state.startMs) / 1000,
      );
      const resetSeconds = line.window.kind === 'rolling' ? undefined : (state.endMs - nowMs) / 1000;
      policies.push(
        `"${name}";q=${quota};w=${windowSeconds};qu="${unit === 'tokens' ? 'tokens' : 'usd-cents'}"`,
      );
      limits.push(
        `"${name}";r=${Math.max(0, left)}` +
          (resetSeconds === undefined ? '' : `;t=${Math.max(0, Math.ceil(resetSeconds))}`),
      );
    }
  }
  if (limits.length === 0) return {};
  return { 'ratelimit-policy': policies.join(', '), ratelimit: limits.join(', ') };
}

function cents(nanoUsd: number): number {
  return Math.floor((nanoUsd * 100) / nanoUsdPerUsd);
}

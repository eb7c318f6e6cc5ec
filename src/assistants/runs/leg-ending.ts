import type { LastError, RunStep } from '../wire.ts';

/** How what a leg has open comes to its end. */
export type LegEnding =
  | { readonly how: 'completed' | 'cut' | 'cancelled' | 'expired' }
  | { readonly how: 'failed'; readonly error: LastError };

/** What it says of a step that was open. `at`: Unix seconds. */
export function stepEnding(
  ending: LegEnding,
  at: number,
): Partial<RunStep> & { status: Exclude<RunStep['status'], 'in_progress'> } {
  switch (ending.how) {
    // What the cap cut short is what the step was to make.
    case 'completed':
    case 'cut':
      return { status: 'completed', completed_at: at };
    case 'cancelled':
      return { status: 'cancelled', cancelled_at: at };
    case 'expired':
      return { status: 'expired', expired_at: at };
    case 'failed': {
      const { code, message } = ending.error;
      const last_error = { code: code === 'rate_limit_exceeded' ? code : ('server_error' as const), message };
      return { status: 'failed', failed_at: at, last_error };
    }
  }
}

/** And of a message that nothing more comes of. */
export function messageEnding(how: LegEnding['how'], at: number) {
  if (how === 'completed') return { status: 'completed' as const, completed_at: at };
  const reason = how === 'cut' ? ('max_tokens' as const) : (`run_${how}` as const);
  return { status: 'incomplete' as const, incomplete_at: at, incomplete_details: { reason } };
}

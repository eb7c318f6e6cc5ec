import type { UpstreamCalls } from '../upstream-calls.ts';
import type { LastError, Usage } from '../wire.ts';
import { brokenOff, failureOfAnswer, failureOfThrown, toRunUsage } from './call-failures.ts';
import type { CallContext } from './model-call.ts';

/** How a streamed call went as far as HTTP can tell. `usage` is what the ledger charges, where that is known. */
export type Streamed = { readonly usage: Usage | undefined } & (
  | {
      /** The upstream ended it. */
      readonly kind: 'ended';
      /** The answer, if it came as JSON although a stream was asked for. */
      readonly value: unknown;
    }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'failed'; readonly error: LastError }
);

/**
 * Makes one streamed call. Never rejects.
 *
 * @param onData is told the data of each event, and says whether that was the last one that matters. An upstream
 * that then doesn't end its stream is left after a moment.
 */
export async function streamCall(
  calls: UpstreamCalls,
  call: { readonly path: string; readonly body: object },
  context: CallContext,
  onData: (data: Buffer) => boolean,
): Promise<Streamed> {
  const { signal } = context;
  const leave = new AbortController();
  let leaving: NodeJS.Timeout | undefined;
  try {
    const { status, value, outcome } = await calls.stream(
      { method: 'POST', ...call, ...context, signal: AbortSignal.any([signal, leave.signal]) },
      (data) => {
        if (onData(data)) leaving ??= setTimeout(() => leave.abort(), lingerMs);
      },
    );
    const usage = toRunUsage(outcome.usage);
    if (status >= 400) return { kind: 'failed', usage, error: failureOfAnswer(status, value) };
    if (outcome.ending === 'complete') return { kind: 'ended', usage, value };
    return signal.aborted ? { kind: 'aborted', usage } : { kind: 'failed', usage, error: brokenOff };
  } catch (error) {
    if (signal.aborted) return { kind: 'aborted', usage: undefined };
    return { kind: 'failed', usage: undefined, error: failureOfThrown(error) };
  } finally {
    clearTimeout(leaving);
  }
}

const lingerMs = 1000;

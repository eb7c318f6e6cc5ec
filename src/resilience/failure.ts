import { ProxyError } from '../errors.ts';
import type { Headers } from '../exchange.ts';
import { type ToldError, isQuotaError } from '../openai/error-body.ts';
import { readDurationMs } from '../openai/rate-limit-headers.ts';
import { readRetryAfterMs } from '../openai/retry-after.ts';

/**
 * What is known of an attempt that went wrong, which decides what may be done about it:
 *
 * - `turnedAway`: by the sidecar itself, ahead of an upstream whose circuit is open or whose queue is full. Not an
 *   attempt.
 * - `unsent`: there was no connection.
 * - `refused`: the upstream says that it didn't run it, and that it may later.
 * - `exhausted`: the same, but not before somebody pays.
 * - `failed`: the API says that it tried and failed. Such calls are not billed.
 * - `unclear`: it was sent, and nobody says whether it ran.
 */
export type FailureKind = 'turnedAway' | 'unsent' | 'refused' | 'exhausted' | 'failed' | 'unclear';

export interface Failure {
  readonly kind: FailureKind;
  /** How long the upstream asks to wait. */
  readonly waitMs?: number | undefined;
}

/** Gateways that gave up waiting for an engine which may have gone on. */
const gatewayStatuses: ReadonlySet<number> = new Set([408, 499, 502, 504, 520, 521, 522, 523, 524]);

/**
 * What an answer with an error status says of the attempt; undefined if it is the answer to the call, and would be
 * the same another time. `x-should-retry` is the upstream's own word on it, and goes before its status.
 *
 * @param told the error in its body, if there is one.
 * @param unixMs now, for hints that are dates.
 */
export function failureOfAnswer(
  status: number,
  headers: Headers,
  told: ToldError | undefined,
  unixMs: number,
): Failure | undefined {
  if (status < 400 || headers['x-should-retry'] === 'false') return undefined;
  const kind = headers['x-should-retry'] === 'true' ? 'refused' : kindOfStatus(status, headers, told);
  return kind && { kind, waitMs: waitMsOf(status, headers, unixMs) };
}

function kindOfStatus(
  status: number,
  headers: Headers,
  told: ToldError | undefined,
): FailureKind | undefined {
  if (status === 429) return told && isQuotaError(told) ? 'exhausted' : 'refused';
  // Locked by another call, or too early: it came to nothing, and may be asked again.
  if (status === 409 || status === 425) return 'refused';
  // Gateways and meshes answer with these also when the connection behind them broke off, though not in the API's words.
  if (status === 500) return told ? 'failed' : 'unclear';
  if (status === 503) return told || headers['retry-after'] !== undefined ? 'refused' : 'unclear';
  return gatewayStatuses.has(status) ? 'unclear' : undefined;
}

/** What an error means that a stream tells in its beginning, in place of a status. */
export function failureOfToldError(told: ToldError): Failure | undefined {
  if (isQuotaError(told)) return { kind: 'exhausted' };
  if (refusals.has(told.code ?? '') || told.type === 'rate_limit_error') return { kind: 'refused' };
  const isServers = [told.type, told.code].some((said) => said === 'server_error' || said === 'api_error');
  return isServers ? { kind: 'failed' } : undefined;
}

const refusals: ReadonlySet<string> = new Set(['rate_limit_exceeded', 'slow_down', 'server_is_overloaded']);

/** Undefined if the error is the caller's, or nothing that another attempt would mend. */
export function failureOfError(error: unknown): Failure | undefined {
  if (!(error instanceof ProxyError)) return undefined;
  if (error.code === 'circuit_open' || error.code === 'overloaded') return { kind: 'turnedAway' };
  if (error.code === 'upstream_timeout') return { kind: 'unclear' };
  if (error.code !== 'upstream_unreachable') return undefined;
  return { kind: error.mayHaveRun ? 'unclear' : 'unsent' };
}

function waitMsOf(status: number, headers: Headers, unixMs: number): number | undefined {
  const asked = readRetryAfterMs(headers, unixMs);
  if (asked !== undefined || status !== 429) return asked;
  const resets = ['requests', 'tokens']
    .filter((kind) => headers[`x-ratelimit-remaining-${kind}`] === '0')
    .map((kind) => readDurationMs(headers[`x-ratelimit-reset-${kind}`]) ?? 0);
  return resets.length === 0 ? undefined : Math.max(...resets);
}

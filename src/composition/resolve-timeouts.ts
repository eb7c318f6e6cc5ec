import type { Config } from '../config/schema.ts';
import type { Timeouts, TimeoutsByClass } from '../policies/time-out.ts';

/** What holds for all of an upstream holds for each class of its operations too. */
export function resolveTimeouts({ timeouts, upstream }: Config): TimeoutsByClass {
  const resolved = ({ firstByteMs, idleMs, wholeMs }: Timeouts): Timeouts => ({
    firstByteMs: Math.min(firstByteMs || Infinity, upstream.headersTimeoutMs),
    idleMs: Math.min(idleMs || Infinity, upstream.bodyIdleTimeoutMs),
    wholeMs,
  });
  const { generation, lookup, transfer } = timeouts;
  return { generation: resolved(generation), lookup: resolved(lookup), transfer: resolved(transfer) };
}

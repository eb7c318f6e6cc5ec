import type { ErrorCode } from '../error-table.ts';
import { ProxyError } from '../errors.ts';
import { isRecord } from '../openai/is-record.ts';
import type { UpstreamAnswer } from './upstream-calls.ts';

/**
 * The error for a caller whose request needed this call to the upstream, in the upstream's own words. Undefined if
 * the call went well.
 */
export function upstreamRefusal({ status, value }: UpstreamAnswer): ProxyError | undefined {
  if (status < 400 && isRecord(value)) return undefined;
  const error = isRecord(value) && isRecord(value['error']) ? value['error'] : {};
  const { message, param } = error;
  return new ProxyError(codeOf(status), {
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof param === 'string' ? { param } : {}),
  });
}

function codeOf(status: number): ErrorCode {
  if (status === 404) return 'no_such_object';
  if (status === 429) return 'rate_limit_exceeded';
  // A key that the upstream refuses is the sidecar's, so that the caller has nothing to mend.
  return status >= 400 && status < 500 && status !== 401 && status !== 403
    ? 'invalid_value'
    : 'upstream_unreachable';
}

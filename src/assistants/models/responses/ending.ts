import { isRecord } from '../../../openai/is-record.ts';
import { failureTold, filtered, readRunUsage } from '../call-failures.ts';
import type { ModelEnding } from '../model-call.ts';

/**
 * How a response has ended; undefined if it hasn't, or is none.
 *
 * @param typeEnd what the event that brings it says of its status, should the response itself say nothing.
 */
export function readEnding(
  response: Readonly<Record<string, unknown>>,
  typeEnd?: string,
): ModelEnding | undefined {
  const usage = readRunUsage(response['usage']);
  switch (response['status'] ?? typeEnd) {
    case 'completed':
      return { how: 'completed', usage };
    case 'incomplete':
      return isFiltered(response) ? { how: 'failed', usage, error: filtered } : { how: 'cut', usage };
    case 'failed':
      return { how: 'failed', usage, error: failureTold(response['error']) };
    case 'cancelled':
      return {
        how: 'failed',
        usage,
        error: { code: 'server_error', message: 'The upstream cancelled the response.' },
      };
    default:
      return undefined;
  }
}

function isFiltered({ incomplete_details: details }: Readonly<Record<string, unknown>>): boolean {
  return isRecord(details) && details['reason'] === 'content_filter';
}

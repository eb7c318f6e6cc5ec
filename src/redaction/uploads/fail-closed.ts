import { ProxyError } from '../../errors.ts';
import { StoreUnavailable } from '../../store-unavailable.ts';
import type { UploadRedaction } from './upload-redaction.ts';

/**
 * The same redaction, which throws nothing but errors from the table: what goes wrong in the middle of a body is
 * otherwise taken for the upstream's fault.
 */
export function failClosed(redaction: UploadRedaction): UploadRedaction {
  return {
    find: (text) => orRefuse(() => redaction.find(text)),
    replace: (found, where) => orRefuse(() => redaction.replace(found, where)),
    redactJson: (json, where) => orRefuse(() => redaction.redactJson(json, where)),
  };
}

async function orRefuse<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProxyError) throw error;
    // The message of any other, such as a parser's, may quote the text.
    const cause = error instanceof StoreUnavailable ? error : undefined;
    throw new ProxyError('redaction_failed', { cause });
  }
}

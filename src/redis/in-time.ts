import { StoreUnavailable } from '../store-unavailable.ts';
import { plainError } from './plain-error.ts';

/** Rejects with `StoreUnavailable`, whatever goes wrong, and at the latest after this time. */
export async function inTime<T>(
  timeoutMs: number,
  work: (isInTime: () => boolean) => Promise<T>,
): Promise<T> {
  const timeout = Promise.withResolvers<never>();
  let isInTime = true;
  const timer = setTimeout(() => {
    isInTime = false;
    timeout.reject(new StoreUnavailable(`no answer within ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    return await Promise.race([work(() => isInTime), timeout.promise]);
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error;
    const cause = plainError(error);
    throw new StoreUnavailable(cause.message, { cause });
  } finally {
    clearTimeout(timer);
  }
}

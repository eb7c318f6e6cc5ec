import { CallerLeft, errorBody, ProxyError } from '../errors.ts';
import type { Headers } from '../exchange.ts';
import { readErrorBody } from '../openai/error-body.ts';
import { failureOfAnswer } from '../resilience/failure.ts';

/** What the first call was answered, or what the later ones are told of it. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** As a store takes it: a line of JSON, and behind it the body as it is. */
export function writeAnswer({ status, headers, body }: KeptAnswer): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify({ status, headers })}\n`), body]);
}

/** Throws at what `writeAnswer` didn't write. */
export function readAnswer(bytes: Buffer): KeptAnswer {
  const headEnd = bytes.indexOf('\n');
  const { status, headers } = JSON.parse(bytes.toString('utf8', 0, headEnd)) as Omit<KeptAnswer, 'body'>;
  return { status, headers, body: bytes.subarray(headEnd + 1) };
}

/**
 * What becomes of an answer that came whole: it is kept, but for one that says that the call came to nothing, which is
 * undefined here. Where it may have run in spite of an error, SDKs are told not to try again.
 */
export function endOfAnswer(answer: KeptAnswer): KeptAnswer | undefined {
  const { status, headers, body } = answer;
  // Whether another try is worth it is one question, whether this one ran is another.
  const { 'x-should-retry': advice, ...others } = headers;
  const asked = advice === 'true' ? headers : others;
  const failure = failureOfAnswer(status, asked, readErrorBody(body), 0);
  if (failure && failure.kind !== 'unclear') return undefined;
  return status < 500 && !failure ? answer : { ...answer, headers: { ...headers, ...noRetry } };
}

/** The same of a call without a whole answer. `cameWhole`: its body had been passed on to the last byte. */
export function endOfError(error: Error, cameWhole: boolean): KeptAnswer | undefined {
  const mayHaveRun = error instanceof ProxyError || error instanceof CallerLeft ? error.mayHaveRun : true;
  if (!mayHaveRun || !cameWhole) return undefined;
  if (error instanceof CallerLeft) return brokenOff();
  const { code, message, param } = error instanceof ProxyError ? error : new ProxyError('internal_error');
  return refusal(
    new ProxyError(code, {
      message: `${message} Under its Idempotency-Key it is not made again, since it may have run. Use another key to make it again.`,
      ...(param !== null && { param }),
    }),
  );
}

/** What the later calls are told of one whose answer never came to its end. */
export function brokenOff(): KeptAnswer {
  return refusal(
    new ProxyError('upstream_unreachable', {
      message:
        'The first call with this Idempotency-Key broke off, and may have run. Use another key to make it again.',
    }),
  );
}

/** The same of one whose answer was larger than what is kept. */
export function tooLarge(): KeptAnswer {
  return refusal(new ProxyError('idempotent_answer_too_large'));
}

export const noRetry = { 'x-should-retry': 'false' };

function refusal(error: ProxyError): KeptAnswer {
  const body = Buffer.from(errorBody(error));
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length), ...noRetry };
  return { status: error.status, headers, body };
}

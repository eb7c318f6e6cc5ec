import type { Clock } from '../clock.ts';
import { ProxyError } from '../errors.ts';
import type { Exchange, Handler, Reply } from '../exchange.ts';
import { holdBody } from '../held-body.ts';
import { readErrorBody } from '../openai/error-body.ts';
import { type Failure, failureOfAnswer, failureOfError, failureOfToldError } from './failure.ts';

export type Attempt = { readonly failure: undefined; readonly reply: Reply } | FailedAttempt;

export interface FailedAttempt {
  readonly failure: Failure;
  /** What the caller gets if there is no other attempt: the answer as it came, or the error. */
  answer(headers: Readonly<Record<string, string>>): Reply;
  /** There will be another one. */
  discard(): void;
}

/** Far more than any error has. */
const maxErrorBytes = 65_536;
/** How long the body of an error is waited for, once its status is known. */
const errorBodyMs = 1000;

/** Sends a call once. Rejects with what no other attempt would mend. */
export async function attemptOf(handler: Handler, exchange: Exchange, clock: Clock): Promise<Attempt> {
  let reply: Reply;
  try {
    reply = await handler(exchange);
  } catch (error) {
    const failure = failureOfError(error);
    if (!failure) throw error;
    return { failure, answer: (headers) => rethrow(error, headers), discard() {} };
  }
  if (reply.toldError) {
    const failure = failureOfToldError(reply.toldError);
    return failure ? failed(failure, reply) : { failure, reply };
  }
  // What says nothing without its body is passed on unread.
  if (!failureOfAnswer(reply.status, reply.headers, undefined, 0)) return { failure: undefined, reply };
  const { bytes, body } = await beginningOf(reply, clock);
  const read = { ...reply, body };
  const failure = failureOfAnswer(reply.status, reply.headers, readErrorBody(bytes), clock.unixMs());
  return failure ? failed(failure, read) : { failure, reply: read };
}

function failed(failure: Failure, reply: Reply): FailedAttempt {
  return {
    failure,
    answer: (headers) => ({ ...reply, headers: { ...reply.headers, ...headers } }),
    discard: () => void reply.body({ write: () => true, end() {}, fail() {} }),
  };
}

function rethrow(error: unknown, headers: Readonly<Record<string, string>>): never {
  throw error instanceof ProxyError ? error.with(headers) : error;
}

/** As much of an error's body as comes soon, and the body once more. */
function beginningOf(reply: Reply, clock: Clock): Promise<{ bytes: Buffer; body: Reply['body'] }> {
  return new Promise((resolve) => {
    let held: ReturnType<typeof holdBody> | undefined;
    const done = () => {
      cancel();
      if (held) resolve({ bytes: Buffer.concat(held.chunks), body: held.body });
    };
    const cancel = clock.after(errorBodyMs, done);
    held = holdBody(reply.body, maxErrorBytes, (progress) => {
      held = progress;
      if (progress.ending !== undefined || progress.bytes >= maxErrorBytes) done();
    });
  });
}

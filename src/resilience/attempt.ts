import type { Clock } from '../clock.ts';
import { ProxyError } from '../errors.ts';
import type { Exchange, Handler, Outcome, Reply } from '../exchange.ts';
import { type HeldReply, discard, holdReply } from '../hold-reply.ts';
import { readErrorBody } from '../openai/error-body.ts';
import { type Failure, failureOfAnswer, failureOfError, failureOfToldError } from './failure.ts';

export type Attempt = { readonly failure: undefined; readonly reply: Reply } | FailedAttempt;

export interface FailedAttempt {
  readonly failure: Failure;
  /** What the caller gets if there is no other attempt: the answer as it came, or the error with a note to it. */
  answer(headers: Readonly<Record<string, string>>, note: string): Reply;
  /** Whether all of it is here, so that nothing is taken while another attempt is made. */
  readonly isWhole: boolean;
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
    return { failure, answer: (headers, note) => rethrow(error, headers, note), isWhole: true, discard() {} };
  }
  if (reply.toldError) {
    const failure = failureOfToldError(reply.toldError);
    if (!failure) return { failure, reply };
    return failed(failure, await beginningOf(reply, clock));
  }
  // What says nothing without its body is passed on unread.
  if (!failureOfAnswer(reply.status, reply.headers, undefined, 0)) return { failure: undefined, reply };
  const held = await beginningOf(reply, clock);
  const told = readErrorBody(Buffer.concat(held.chunks));
  const failure = failureOfAnswer(reply.status, reply.headers, told, clock.unixMs());
  return failure ? failed(failure, held) : { failure, reply: held.reply };
}

function failed(failure: Failure, held: HeldReply): FailedAttempt {
  const { reply } = held;
  return {
    failure,
    isWhole: held.ending !== undefined,
    answer: (headers) => ({
      ...reply,
      headers: { ...reply.headers, ...headers },
      finished: failure.kind === 'unclear' ? reply.finished.then(mayHaveRun) : reply.finished,
    }),
    discard: () => discard(reply),
  };
}

function mayHaveRun(outcome: Outcome): Outcome {
  return { ...outcome, mayHaveRun: true };
}

function rethrow(error: unknown, headers: Readonly<Record<string, string>>, note: string): never {
  throw error instanceof ProxyError ? error.with(headers, note) : error;
}

/** As much of an error's body as comes soon. */
function beginningOf(reply: Reply, clock: Clock): Promise<HeldReply> {
  return new Promise((resolve) => {
    // One whose body doesn't come is told by its status alone.
    const cancel = clock.after(errorBodyMs, () => resolve(held));
    const held = holdReply(reply, maxErrorBytes, (progress) => {
      if (progress.ending === undefined && progress.bytes < maxErrorBytes) return;
      cancel();
      resolve(progress);
    });
  });
}

import { Readable } from 'node:stream';

import type { Dispatcher } from 'undici';

import { afterThisTurn } from '../after-this-turn.ts';
import { CallerLeft, ProxyError } from '../errors.ts';
import {
  type Body,
  type CallRecord,
  type Exchange,
  type Flow,
  type Handler,
  type Outcome,
  type Reply,
  type Sink,
  beginWait,
  endWait,
} from '../exchange.ts';
import { type UpstreamIdentity, requestHeaders } from './request-headers.ts';
import { responseHeaders } from './response-headers.ts';
import { upstreamError } from './upstream-error.ts';
import { upstreamPath } from './upstream-path.ts';

export interface ForwardSettings {
  readonly baseUrl: string;
  readonly identity: UpstreamIdentity;
  readonly dispatcher: Dispatcher;
}

/**
 * The innermost handler: sends the exchange to the upstream. Resolves when the answer's headers are there;
 * its body waits, with backpressure, until somebody lets it flow.
 */
export function forward({ baseUrl, identity, dispatcher }: ForwardSettings): Handler {
  const { origin, pathname } = new URL(baseUrl);
  const basePath = pathname.endsWith('/') ? pathname.slice(0, -1) : pathname;
  return (exchange) =>
    new Promise((resolve, reject) => {
      if (exchange.signal.aborted) return reject(new CallerLeft());
      const body = requestBody(exchange);
      dispatcher.dispatch(
        {
          origin,
          path: basePath + upstreamPath(exchange, identity.dialect),
          method: exchange.method as Dispatcher.HttpMethod,
          headers: requestHeaders(exchange, identity),
          body,
          headersTimeout: exchange.timing?.firstByteMs ?? null,
          bodyTimeout: exchange.timing?.idleMs ?? null,
        },
        new Attempt(exchange, body, drainMsOf(exchange), resolve, reject),
      );
    });
}

/**
 * How long an answer is read on after its caller left, where it is paid for by what it tells: what is on its
 * way already may hold its usage.
 */
function drainMsOf({ operation }: Exchange): number {
  return operation.usage === null ? 0 : 50;
}

function requestBody({ body }: Exchange): Buffer | Readable | null {
  if (body.kind === 'none') return null;
  return body.kind === 'json' ? body.bytes : body.source.open();
}

type Ending = Pick<Outcome, 'ending' | 'error'>;

/** Of an answer that nobody has asked for yet. */
const maxHeldBytes = 65_536;

/** One request on the wire: undici's callbacks on one side, a `Reply` on the other. */
class Attempt implements Dispatcher.DispatchHandler, Flow {
  readonly #signal: AbortSignal;
  readonly #record: CallRecord;
  readonly #sentAtMs = performance.now();
  readonly #requestBody: Buffer | Readable | null;
  readonly #drainMs: number;
  readonly #resolve: (reply: Reply) => void;
  readonly #reject: (error: Error) => void;
  readonly #onCallerLeft = () => this.#cancel(new CallerLeft());
  #controller: Dispatcher.DispatchController | undefined;
  #finish: ((outcome: Outcome) => void) | undefined;
  #sink: Sink | undefined;
  #cancelled: Error | undefined;
  #draining: NodeJS.Timeout | undefined;
  /** What came before the flow began. */
  readonly #held: Buffer[] = [];
  #ended: Ending | undefined;
  #isWhole = false;
  #isOver = false;
  #bodyBytes = 0;
  #firstByteAtMs: number | undefined;

  constructor(
    { signal, record }: Exchange,
    requestBody: Buffer | Readable | null,
    drainMs: number,
    resolve: (reply: Reply) => void,
    reject: (error: Error) => void,
  ) {
    this.#signal = signal;
    this.#record = record;
    beginWait(record);
    this.#requestBody = requestBody;
    this.#drainMs = drainMs;
    this.#resolve = resolve;
    this.#reject = reject;
    signal.addEventListener('abort', this.#onCallerLeft, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#cancelled) controller.abort(this.#cancelled);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    if (status >= 300 && status < 400 && headers['location'] !== undefined) {
      // An application that followed it would carry its request past the sidecar, to a host of the
      // upstream's choosing.
      controller.abort(new ProxyError('upstream_redirected'));
      return;
    }
    const finished = new Promise<Outcome>((finish) => {
      this.#finish = finish;
    });
    const body: Body = (sink) => this.#flowInto(sink);
    this.#resolve({ status, headers: responseHeaders(headers), body, finished });
  }

  #flowInto(sink: Sink): Flow {
    if (this.#sink) throw new Error('a body flows only once');
    this.#sink = sink;
    let wantsMore = true;
    for (const chunk of this.#held.splice(0)) wantsMore = sink.write(chunk);
    if (this.#ended) this.#tell(sink, this.#ended);
    else if (wantsMore) this.#controller?.resume();
    else this.#controller?.pause();
    return this;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#firstByteAtMs ??= performance.now();
    this.#bodyBytes += chunk.length;
    if (!this.#sink) {
      // Nothing flows before the pipeline has returned and the edge has asked. That is soon, and to stop the
      // connection for what came with the headers would cost more than to hold it.
      this.#held.push(chunk);
      if (this.#bodyBytes >= maxHeldBytes) controller.pause();
      return;
    }
    // What is done with a chunk is the sidecar's own time.
    endWait(this.#record);
    if (!this.#sink.write(chunk)) controller.pause();
    beginWait(this.#record);
  }

  onResponseEnd(): void {
    const error = this.#cancelled;
    this.#isWhole = true;
    this.#end(error ? { ending: 'aborted', error } : { ending: 'complete' });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (!this.#finish) return this.#fail(this.#cancelled ?? error);
    const cause = upstreamError(this.#cancelled ?? error, true);
    this.#end({ ending: this.#cancelled instanceof CallerLeft ? 'aborted' : 'cut', error: cause });
  }

  /** The end of an attempt that got no answer. */
  #fail(cause: Error): void {
    if (this.#isOver) return;
    this.#stop();
    this.#release();
    this.#reject(upstreamError(cause, this.#controller !== undefined));
  }

  /** The upstream has said its last. Those on the body's way have yet to see it, if it doesn't flow. */
  #end(ending: Ending): void {
    if (!this.#isOver) this.#stop();
    this.#ended = ending;
    if (this.#sink) this.#tell(this.#sink, ending);
    // Whoever let go of a reply whose caller left will not let it flow.
    else if (this.#cancelled) this.#settle(ending);
  }

  #tell(sink: Sink, ending: Ending): void {
    if (this.#isWhole) sink.end();
    else sink.fail(ending.error!);
    this.#settle(ending);
  }

  #settle(ending: Ending): void {
    this.#release();
    const endedAtMs = performance.now();
    // Callers have their answers before anybody reckons what they used.
    afterThisTurn(() =>
      this.#finish?.({
        ...ending,
        bodyBytes: this.#bodyBytes,
        endedAtMs,
        ...(this.#firstByteAtMs === undefined ? {} : { firstByteAtMs: this.#firstByteAtMs }),
      }),
    );
  }

  /** Nothing more comes, and nothing more is sent. */
  #stop(): void {
    this.#isOver = true;
    this.#record.upstreamMs += performance.now() - this.#sentAtMs;
    endWait(this.#record);
    clearTimeout(this.#draining);
    // undici leaves a stream alone that it never began to send.
    if (this.#requestBody instanceof Readable) this.#requestBody.destroy();
  }

  #release(): void {
    this.#signal.removeEventListener('abort', this.#onCallerLeft);
  }

  resume(): void {
    this.#controller?.resume();
  }

  leave(): void {
    if (!this.#isOver) this.#cancel(new CallerLeft());
  }

  #cancel(reason: Error): void {
    this.#cancelled ??= reason;
    if (this.#ended) return this.#end({ ending: 'aborted', error: reason });
    const controller = this.#controller;
    if (controller && this.#sink && this.#drainMs > 0) {
      // A sink whose caller left takes everything.
      controller.resume();
      this.#draining = setTimeout(() => controller.abort(reason), this.#drainMs);
    } else if (controller) controller.abort(reason);
    // Still in undici's queue, which nothing can leave: `onRequestStart` drops it when its turn comes.
    else this.#fail(reason);
  }
}

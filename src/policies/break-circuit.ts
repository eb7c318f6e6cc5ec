import type { Cancel, Clock } from '../clock.ts';
import { ProxyError } from '../errors.ts';
import type { Exchange, Policy, Reply } from '../exchange.ts';
import { isStreamed } from '../openai/is-streamed.ts';
import { classOf } from '../openai/operation-class.ts';
import type { Circuit } from '../resilience/circuit.ts';
import { failureOfError, failureOfToldError } from '../resilience/failure.ts';

/** Turns calls away while the circuit is open, before they wait for anything. */
export function refuseWhileOpen(circuit: Circuit): Policy {
  return (next) => (exchange) => {
    const refusedForMs = circuit.refusedForMs();
    return refusedForMs === undefined ? next(exchange) : Promise.reject(circuitOpen(refusedForMs));
  };
}

export interface SlowCalls {
  /** Of answers that begin at once from an upstream that is well; 0: never slow. */
  readonly slowMs: number;
  /** Of generations that aren't streamed. */
  readonly slowGenerationMs: number;
}

/** Tells the circuit how each call went, a slow one as soon as it is slow. */
export function breakCircuit(circuit: Circuit, slowCalls: SlowCalls, clock: Pick<Clock, 'after'>): Policy {
  return (next) => async (exchange) => {
    const call = circuit.begin();
    if (!call) throw circuitOpen(circuit.refusedForMs() ?? 0);
    const slowMs = slowMsOf(exchange, slowCalls);
    const cancel: Cancel = slowMs === 0 ? () => {} : clock.after(slowMs, () => call.end('slow'));
    try {
      const reply = await next(exchange);
      call.end(isBad(reply) ? 'failed' : 'well');
      void reply.finished.then(({ ending }) => {
        if (ending === 'cut') call.brokeOff();
      });
      return reply;
    } catch (error) {
      // One that its caller left, or whose time is over, says nothing: others may have more patience.
      call.end(isOfUpstream(error) ? 'failed' : 'unknown');
      throw error;
    } finally {
      cancel();
    }
  };
}

/** Whether an answer says that the upstream isn't well. */
export function isBad({ status, toldError }: Pick<Reply, 'status' | 'toldError'>): boolean {
  if (failureStatuses.has(status)) return true;
  return toldError !== undefined && failureOfToldError(toldError)?.kind === 'failed';
}

/** Those that an upstream which is well doesn't answer. What its limits or the caller's input are to blame for isn't. */
const failureStatuses: ReadonlySet<number> = new Set([408, 500, 502, 503, 504, 520, 521, 522, 523, 524]);

function slowMsOf({ operation, query, body }: Exchange, { slowMs, slowGenerationMs }: SlowCalls): number {
  switch (classOf(operation, query)) {
    case 'lookup':
      return slowMs;
    case 'generation':
      return isStreamed(body.kind === 'json' ? body.value : undefined, query) ? slowMs : slowGenerationMs;
    case 'transfer':
      return 0;
  }
}

/** Whether the upstream is to blame that there is no answer. */
export function isOfUpstream(error: unknown): boolean {
  const kind = failureOfError(error)?.kind;
  return kind === 'unsent' || kind === 'unclear';
}

function circuitOpen(refusedForMs: number): ProxyError {
  return new ProxyError('circuit_open', {
    headers: { 'retry-after': String(Math.max(1, Math.ceil(refusedForMs / 1000))) },
  });
}

import type { Exchange } from '../exchange.ts';
import type { FailureKind } from './failure.ts';

/**
 * How often an operation may take place for one call of an application.
 *
 * - `often`: it changes nothing, or sets what it would set again.
 * - `once`: it generates, or creates, and each time is paid for or leaves something behind.
 * - `gone`: its body passed by on the first attempt, and can't be sent again.
 */
export type Repeatability = 'often' | 'once' | 'gone';

export function repeatabilityOf({
  method,
  operation,
  body,
}: Pick<Exchange, 'method' | 'operation' | 'body'>): Repeatability {
  if (body.kind === 'unread') return 'gone';
  // RFC 9110, 9.2.2, and the POSTs of the API of which the same is true.
  const isHarmless = method === 'POST' ? harmlessNames.test(operation.name) : idempotentMethods.has(method);
  return isHarmless ? 'often' : 'once';
}

const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

const harmlessNames =
  /^(?:responses\.inputTokens\.count|moderations\.create|vectorStores\.search)$|\.(?:update|cancel)$/;

/** `elsewhere`: only at another upstream. `ask`: not before the upstream has said whether it ran. */
export type SendAgain = 'yes' | 'no' | 'elsewhere' | 'ask';

/**
 * Whether a call may be sent again, by what is known of the attempt that went wrong: a generation is never paid for
 * twice, so it is sent again only if it did not run.
 */
export const sendAgain: Readonly<Record<FailureKind, Readonly<Record<Repeatability, SendAgain>>>> = {
  turnedAway: { often: 'elsewhere', once: 'elsewhere', gone: 'elsewhere' },
  unsent: { often: 'yes', once: 'yes', gone: 'no' },
  refused: { often: 'yes', once: 'yes', gone: 'no' },
  exhausted: { often: 'elsewhere', once: 'elsewhere', gone: 'no' },
  failed: { often: 'yes', once: 'yes', gone: 'no' },
  unclear: { often: 'yes', once: 'ask', gone: 'no' },
};

import type { Exchange, Handler } from '../exchange.ts';
import { bodyText } from '../ledger/body-text.ts';
import { restsOnUpstream } from '../openai/rests-on-upstream.ts';
import type { Resting } from './resting.ts';

export interface Upstream {
  /** As in metrics: `primary`, or what the configuration calls a fallback. */
  readonly name: string;
  readonly handler: Handler;
  readonly resting: Resting;
  /** Whether it has the model that the call is for. */
  serves(exchange: Exchange): boolean;
}

/** Who may serve the call, in the order in which they are asked: those that refused lately come last. */
export function candidatesFor(
  exchange: Exchange,
  primary: Upstream,
  fallbacks: readonly Upstream[],
): Upstream[] {
  const { operation, body } = exchange;
  const isBound = fallbacks.length === 0 || body.kind !== 'json' || restsOnUpstream(operation, body.value);
  if (isBound) return [primary];
  const model = modelOf(exchange);
  const all = [primary, ...fallbacks.filter((fallback) => fallback.serves(exchange))];
  const awake = all.filter(({ resting }) => !resting.isResting(model));
  return [...awake, ...all.filter((upstream) => !awake.includes(upstream))];
}

/** As the caller names it. */
export function modelOf({ body, deployment }: Pick<Exchange, 'body' | 'deployment'>): string {
  return bodyText(body, 'model') || (deployment ?? '');
}

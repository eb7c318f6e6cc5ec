import type { Exchange, Policy } from '../exchange.ts';
import { isRecord } from '../openai/is-record.ts';
import { withMember } from '../openai/with-member.ts';

/**
 * Calls the model by the name that this upstream has for it, and tells by that name what answered.
 *
 * @param nameOf undefined: all models have the same names there.
 */
export function mapModel(nameOf: ((exchange: Exchange) => string | undefined) | undefined): Policy {
  if (!nameOf) return (next) => next;
  return (next) => async (exchange) => {
    const name = nameOf(exchange);
    if (name === undefined) return next(exchange);
    const reply = await next(renamed(exchange, name));
    // What it costs goes by the model that answered, also where the answer doesn't say which.
    return { ...reply, finished: reply.finished.then((outcome) => ({ model: name, ...outcome })) };
  };
}

function renamed(exchange: Exchange, name: string): Exchange {
  const { body, deployment } = exchange;
  const inPath = deployment === undefined ? exchange : { ...exchange, deployment: encodeURIComponent(name) };
  if (body.kind !== 'json' || !isRecord(body.value)) return inPath;
  const bytes = withMember(body.bytes, 'model', JSON.stringify(name));
  return { ...inPath, body: { kind: 'json', bytes, value: { ...body.value, model: name } } };
}

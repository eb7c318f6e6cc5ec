import type { Policy } from '../exchange.ts';
import { askedModel } from '../ledger/scopes.ts';

/** Notes which model a call asks for: that is what it costs by if its answer doesn't say what answered. */
export function noteModel(dialect: 'openai' | 'azure'): Policy {
  return (next) => (exchange) => {
    const model = askedModel(exchange, dialect);
    if (model.length <= maxModelLength) exchange.record.model = model;
    return next(exchange);
  };
}

/** A longer one is nobody's name for a model. */
const maxModelLength = 128;

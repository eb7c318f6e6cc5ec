import type { Exchange, Policy } from '../exchange.ts';
import { genAiOperation } from '../openai/gen-ai-operation.ts';
import { conversationOf, shortModelOf } from './trace-attempt.ts';

/** Says in the span of a request whose it is, and what it asks for: both as redaction has left them. */
export function describeSpan(isTraced: boolean): Policy {
  if (!isTraced) return (next) => next;
  return (next) => (exchange) => {
    const { span, identity, operation } = exchange;
    span?.set({
      'assistant_proxy.org': identity?.org || undefined,
      'assistant_proxy.team': identity?.team || undefined,
      'assistant_proxy.app': identity?.app || undefined,
      'user.id': identity?.user || undefined,
      'gen_ai.operation.name': genAiOperation(operation),
      'gen_ai.request.model': shortModelOf(exchange),
      'gen_ai.conversation.id': threadOf(exchange) ?? conversationOf(exchange),
    });
    return next(exchange);
  };
}

function threadOf({ operation, path }: Exchange): string | undefined {
  return operation.path.startsWith('/threads/{') ? path.split('/')[2] : undefined;
}

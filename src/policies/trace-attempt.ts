import { CallerLeft } from '../errors.ts';
import { type Exchange, type Outcome, type Policy, type Reply, through } from '../exchange.ts';
import { genAiOperation } from '../openai/gen-ai-operation.ts';
import { isRecord } from '../openai/is-record.ts';
import { modelOf } from '../resilience/upstreams.ts';
import { cutText } from '../telemetry/cut-text.ts';
import { type Attributes, type Span, failureType } from '../telemetry/tracing.ts';
import { type CaptureContent, askedAttributes, seeAnswer } from './capture-content.ts';

export interface TraceAttemptParts {
  /** As in metrics: `primary`, or what the configuration calls a fallback. */
  readonly upstream: string;
  readonly baseUrl: string;
  readonly dialect: 'openai' | 'azure';
  /** Model names in the names of spans, so that there are not too many of those. */
  readonly modelLabel: (model: string | undefined) => string;
  /** Undefined: what is said stays out. */
  readonly capture: CaptureContent | undefined;
}

/** Tells of each attempt as OpenTelemetry's conventions for models have it: what was asked for, answered and used. */
export function traceAttempt(parts: TraceAttemptParts | undefined): Policy {
  if (!parts) return (next) => next;
  const { hostname, port, protocol } = new URL(parts.baseUrl);
  const server: Attributes = {
    'assistant_proxy.upstream': parts.upstream,
    'gen_ai.provider.name': parts.dialect === 'azure' ? 'azure.ai.openai' : 'openai',
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
  };
  return (next) => async (exchange) => {
    if (!exchange.span) return next(exchange);
    const capture = exchange.isOptedOut ? undefined : parts.capture;
    const generation = genAiOperation(exchange.operation);
    const span = exchange.span.child(nameOf(exchange, generation), 'client', {
      ...server,
      ...askedFor(exchange),
      ...(generation !== undefined && generationOf(exchange, generation)),
      ...(capture && generation !== undefined && askedAttributes(exchange)),
    });
    let reply: Reply;
    try {
      reply = await next({ ...exchange, span });
    } catch (error) {
      if (error instanceof CallerLeft) span.set({ 'assistant_proxy.ending': 'aborted' });
      else span.fail(failureType(error));
      span.end();
      throw error;
    }
    const seen = capture && generation !== undefined ? seeAnswer(exchange, reply, capture) : undefined;
    void reply.finished.then((outcome) => {
      if (seen) span.set(seen.attributes());
      end(span, reply, outcome, generation !== undefined);
    });
    return seen ? { ...reply, body: through(reply.body, seen.tap) } : reply;
  };

  function nameOf(exchange: Exchange, generation: string | undefined): string {
    const { method, operation } = exchange;
    if (generation !== undefined) return `${generation} ${parts!.modelLabel(shortModelOf(exchange))}`;
    return operation.path === '*' ? method : `${method} ${operation.path}`;
  }
}

function askedFor({ method, operation, resends }: Exchange): Attributes {
  return {
    'http.request.method': method,
    'http.request.resend_count': resends,
    'url.template': operation.path === '*' ? undefined : operation.path,
  };
}

function generationOf(exchange: Exchange, generation: string): Attributes {
  const { body, operation } = exchange;
  const asked = body.kind === 'json' && isRecord(body.value) ? body.value : {};
  return {
    'gen_ai.operation.name': generation,
    'gen_ai.request.model': shortModelOf(exchange),
    'gen_ai.request.max_tokens':
      count(asked['max_output_tokens']) ??
      count(asked['max_completion_tokens']) ??
      count(asked['max_tokens']),
    'gen_ai.request.temperature': count(asked['temperature']),
    'gen_ai.request.top_p': count(asked['top_p']),
    'gen_ai.conversation.id': conversationOf(exchange),
    'openai.api.type': apiTypes.get(operation.name),
  };
}

const apiTypes: ReadonlyMap<string, string> = new Map([
  ['chat.completions.create', 'chat_completions'],
  ['responses.create', 'responses'],
]);

function end(span: Span, { status, toldError }: Reply, outcome: Outcome, isGeneration: boolean): void {
  const { ending, endedAtMs, error } = outcome;
  span.set({
    'http.response.status_code': status,
    ...(isGeneration && answeredWith(outcome)),
    ...(ending === 'complete' ? {} : { 'assistant_proxy.ending': ending }),
  });
  if (status >= 400) span.fail(String(status));
  else if (toldError) span.fail('told_error');
  else if (ending === 'cut') span.fail(error ? failureType(error) : 'cut');
  span.end(endedAtMs);
}

/** Of an answer that is read again it would be counted again. */
function answeredWith({ model, id, usage, serviceTier }: Outcome): Attributes {
  return {
    'gen_ai.response.model': model,
    'gen_ai.response.id': id,
    'openai.response.service_tier': serviceTier,
    'gen_ai.usage.input_tokens': usage?.inputTokens,
    'gen_ai.usage.output_tokens': usage?.outputTokens,
    'gen_ai.usage.cache_read.input_tokens': usage?.cachedInputTokens || undefined,
    'gen_ai.usage.cache_creation.input_tokens': usage?.cacheWriteTokens || undefined,
    'gen_ai.usage.reasoning.output_tokens': usage?.reasoningTokens || undefined,
  };
}

/** A longer name is nobody's model. */
const maxModelLength = 128;

export function shortModelOf(exchange: Exchange): string | undefined {
  return cutText(modelOf(exchange), maxModelLength) || undefined;
}

/** Of the Responses API, by its id or as an object. */
export function conversationOf({ operation, body }: Exchange): string | undefined {
  if (operation.name !== 'responses.create' || body.kind !== 'json' || !isRecord(body.value))
    return undefined;
  const { conversation } = body.value;
  const id = isRecord(conversation) ? conversation['id'] : conversation;
  return typeof id === 'string' && id.length <= maxModelLength ? id : undefined;
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

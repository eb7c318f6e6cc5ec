import type { ResponseCreateParams } from 'openai/resources/responses/responses';

import { ApiError, invalid } from './api-error.ts';
import type { Call } from './call.ts';
import type { ContainerStore } from './containers.ts';
import type { ConversationStore } from './conversations.ts';
import { readDirectives } from './directives.ts';
import type { Model } from './model.ts';
import { resolveModel } from './models.ts';
import { pause } from './pause.ts';
import { eventStream, json, sse, type Reply } from './reply.ts';
import { closeResponse, openResponse, responsePrompt, toOutput, toResponseUsage } from './response-answer.ts';
import { responseEvents } from './response-events.ts';
import { toItems } from './response-items.ts';
import { responseAt, timedEvents, type ResponseRecord, type ResponseStore } from './response-record.ts';
import type { Item, WireEvent, WireResponse } from './response-wire.ts';
import { runCode } from './run-code.ts';
import type { SearchHit } from './search.ts';
import type { Tokens } from './tokens.ts';

export interface ResponsesOptions {
  model: Model;
  tokens: Tokens;
  responses: ResponseStore;
  conversations: ConversationStore;
  containers: ContainerStore;
  search(vectorStoreIds: string[], query: string, maxResults: number): SearchHit[];
  nowMs: () => number;
  deterministic: boolean;
  listsResponses: boolean;
  chunkDelayMs: number;
  queuedMs: number;
  workMs: number;
}

/** Answers POST /responses: at once, as a stream, or in the background. */
export async function createResponse(options: ResponsesOptions, call: Call): Promise<Reply> {
  const body = call.json<ResponseCreateParams>();
  const model = resolveModel(call.deployment ?? body.model);
  validate(body);
  const history = contextOf(options, body);
  const input = toItems(body.input, call.mint, (id) => options.responses.item(id));
  const context = [...history.items, ...input];

  const prompt = responsePrompt(body, model, context);
  const lastUser = prompt.messages.findLast((message) => message.role === 'user');
  const { search } = readDirectives(lastUser?.text ?? '');
  const hits = search === undefined ? undefined : searchFiles(options, body, search);
  const answer = options.model.complete({ ...prompt, findings: hits?.map((hit) => hit.text) ?? [] });
  const maxTokens = prompt.maxTokens ?? Number.POSITIVE_INFINITY;
  const codeRun = runCode(options, call.mint, body.tools ?? [], answer, maxTokens);
  const completion = codeRun?.completion ?? answer;

  const open = openResponse(body, call.mint, model, history.conversationId);
  const output = toOutput(completion, call.mint, {
    hits,
    codeRun,
    includeResults: body.include?.includes('file_search_call.results') ?? false,
    includeOutputs: body.include?.includes('code_interpreter_call.outputs') ?? false,
    includeReasoning: body.include?.includes('reasoning.encrypted_content') ?? false,
  });
  const completedAt = (atMs: number) =>
    options.deterministic ? open.created_at + 1 : Math.floor(atMs / 1000);
  const record: ResponseRecord = {
    open,
    closed: closeResponse(open, completion, output, completedAt(options.nowMs())),
    completion,
    output,
    input,
    context: [...context, ...output],
  };
  const keep = () => {
    if (open.store) options.responses.add(record);
    if (history.conversationId) options.conversations.append(history.conversationId, [...input, ...output]);
  };

  const { thinkMs, delayMs = 0 } = completion.directives;
  if (body.background) {
    const createdAtMs = options.nowMs();
    const startsAtMs = createdAtMs + options.queuedMs;
    const endsAtMs = startsAtMs + options.workMs + thinkMs + delayMs * completion.usage.outputTokens;
    record.schedule = { createdAtMs, startsAtMs, endsAtMs };
    record.closed = closeResponse(open, completion, output, completedAt(endsAtMs));
    call.bill(completion.usage);
    keep();
    return body.stream
      ? eventStream(follow(options, record, -1, call.signal))
      : json<WireResponse>(responseAt(record, createdAtMs));
  }
  await pause(thinkMs, call.signal);
  if (body.stream) return eventStream(streamResponse(options, call, record, keep));
  call.bill(completion.usage);
  keep();
  return json<WireResponse>(record.closed);
}

/** A stream that ends with its reader: whoever leaves early cancels the response. */
async function* streamResponse(
  options: ResponsesOptions,
  call: Call,
  record: ResponseRecord,
  keep: () => void,
): AsyncGenerator<string> {
  const { completion, output } = record;
  const delayMs = completion.directives.delayMs ?? options.chunkDelayMs;
  const billed = { ...completion.usage, outputTokens: completion.usage.reasoningTokens };
  call.bill(billed);
  for (const { event, tokens } of responseEvents(
    options.tokens,
    record.open,
    record.closed,
    output,
    completion,
  )) {
    if (call.signal.aborted) {
      const usage = toResponseUsage(billed);
      record.closed = { ...record.open, status: 'cancelled', usage };
      if (record.open.store) options.responses.add(record);
      return;
    }
    // Before the last event, so that whoever has seen it can look the response up.
    if ('response' in event && event.response.usage) keep();
    yield sse<WireEvent>(event, event.type);
    billed.outputTokens += tokens;
    if (tokens > 0) await pause(delayMs, call.signal);
  }
  call.bill(completion.usage);
}

/** The stream of a background response from any point on, as it happens. */
export async function* follow(
  options: ResponsesOptions,
  record: ResponseRecord,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  for (const { event, dueMs } of timedEvents(options.tokens, record)) {
    while (options.nowMs() < dueMs && record.cancelledAtMs === undefined && !signal.aborted) {
      await pause(Math.min(dueMs - options.nowMs(), 50), signal);
    }
    if (signal.aborted || record.cancelledAtMs !== undefined) return;
    if (event.sequence_number > after) yield sse<WireEvent>(event, event.type);
  }
}

function validate(body: ResponseCreateParams): void {
  const max = body.max_output_tokens;
  if (typeof max === 'number' && max < 16) {
    throw new ApiError(
      400,
      `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got ${max} instead.`,
      { param: 'max_output_tokens', code: 'integer_below_min_value' },
    );
  }
  if (body.background && body.store === false) {
    throw invalid('background', "Background mode requires 'store' to be true.");
  }
  if (body.previous_response_id && body.conversation) {
    throw invalid(
      'previous_response_id',
      "Mutually exclusive parameters: 'previous_response_id' and 'conversation' cannot be used together.",
    );
  }
}

/** What was said before: in the conversation, or along the chain of responses. */
export function contextOf(
  options: ResponsesOptions,
  body: Pick<ResponseCreateParams, 'conversation' | 'previous_response_id'>,
): { items: Item[]; conversationId?: string } {
  if (body.conversation) {
    const id = typeof body.conversation === 'string' ? body.conversation : body.conversation.id;
    return { items: options.conversations.items(id), conversationId: id };
  }
  const previous = body.previous_response_id;
  if (!previous) return { items: [] };
  if (!options.responses.has(previous)) {
    throw new ApiError(400, `Previous response with id '${previous}' not found.`, {
      param: 'previous_response_id',
      code: 'previous_response_not_found',
    });
  }
  return { items: options.responses.find(previous).context };
}

function searchFiles(options: ResponsesOptions, body: ResponseCreateParams, query: string) {
  const tool = body.tools?.find((offered) => offered.type === 'file_search');
  return tool && options.search(tool.vector_store_ids, query, tool.max_num_results ?? 20);
}

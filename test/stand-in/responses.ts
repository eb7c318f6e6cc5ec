import type { InputTokenCountParams, InputTokenCountResponse } from 'openai/resources/responses/input-tokens';
import type {
  CompactedResponse,
  ResponseCompactParams,
  ResponseCreateParams,
} from 'openai/resources/responses/responses';

import { ApiError, invalid } from './api-error.ts';
import type { Call } from './call.ts';
import type { ConversationStore } from './conversations.ts';
import { readDirectives } from './directives.ts';
import { paginate, type Page } from './list.ts';
import type { Model } from './model.ts';
import { resolveModel } from './models.ts';
import { pause } from './pause.ts';
import { eventStream, json, sse, type Reply } from './reply.ts';
import { closeResponse, openResponse, responsePrompt, toOutput, toResponseUsage } from './response-answer.ts';
import { responseEvents } from './response-events.ts';
import { toItems } from './response-items.ts';
import {
  responseAt,
  timedEvents,
  usageAt,
  type ResponseRecord,
  type ResponseStore,
} from './response-record.ts';
import type { Item, WireEvent, WireResponse } from './response-wire.ts';
import type { Route } from './router.ts';
import type { SearchHit } from './search.ts';
import type { Tokens } from './tokens.ts';

export interface ResponsesOptions {
  model: Model;
  tokens: Tokens;
  responses: ResponseStore;
  conversations: ConversationStore;
  search(vectorStoreIds: string[], query: string, maxResults: number): SearchHit[];
  nowMs: () => number;
  deterministic: boolean;
  chunkDelayMs: number;
  queuedMs: number;
  workMs: number;
}

export function responseRoutes(options: ResponsesOptions): Route[] {
  const { responses, nowMs } = options;
  const find = (call: Call) => responses.find(call.params['response_id'] ?? '');
  return [
    { method: 'POST', path: '/responses', handle: (call) => createResponse(options, call) },
    { method: 'POST', path: '/responses/input_tokens', handle: (call) => countInput(options, call) },
    { method: 'POST', path: '/responses/compact', handle: (call) => compact(options, call) },
    {
      method: 'GET',
      path: '/responses/{response_id}',
      handle(call) {
        const record = find(call);
        if (call.query.get('stream') !== 'true') return json<WireResponse>(responseAt(record, nowMs()));
        const after = Number(call.query.get('starting_after') ?? -1);
        return eventStream(follow(options, record, after, call.signal));
      },
    },
    {
      method: 'DELETE',
      path: '/responses/{response_id}',
      handle(call) {
        const { id } = find(call).open;
        responses.delete(id);
        return json<{ id: string; object: 'response'; deleted: true }>({
          id,
          object: 'response',
          deleted: true,
        });
      },
    },
    {
      method: 'POST',
      path: '/responses/{response_id}/cancel',
      handle(call) {
        const record = find(call);
        if (!record.schedule) throw new ApiError(400, 'Cannot cancel a synchronous response.');
        if (nowMs() < record.schedule.endsAtMs) {
          record.cancelledAtMs ??= nowMs();
          call.bill(usageAt(record, record.cancelledAtMs));
        }
        return json<WireResponse>(responseAt(record, nowMs()));
      },
    },
    {
      method: 'GET',
      path: '/responses/{response_id}/input_items',
      handle: (call) => json<Page<Item>>(paginate(find(call).input, call.query)),
    },
  ];
}

async function createResponse(options: ResponsesOptions, call: Call): Promise<Reply> {
  const body = call.json<ResponseCreateParams>();
  const model = resolveModel(body.model ?? call.deployment);
  validate(body);
  const history = contextOf(options, body);
  const input = toItems(body.input, call.mint, (id) => options.responses.item(id));
  const context = [...history.items, ...input];

  const prompt = responsePrompt(body, model, context);
  const lastUser = prompt.messages.findLast((message) => message.role === 'user');
  const { search } = readDirectives(lastUser?.text ?? '');
  const hits = search === undefined ? undefined : searchFiles(options, body, search);
  const completion = options.model.complete({ ...prompt, findings: hits?.map((hit) => hit.text) ?? [] });

  const open = openResponse(body, call.mint, model, history.conversationId);
  const output = toOutput(completion, call.mint, {
    hits,
    codeInterpreter: body.tools?.some((tool) => tool.type === 'code_interpreter') ?? false,
    includeResults: body.include?.includes('file_search_call.results') ?? false,
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
async function* follow(
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
function contextOf(
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

function countInput(options: ResponsesOptions, call: Call): Reply {
  const { tools, ...body } = call.json<InputTokenCountParams>();
  const context = [...contextOf(options, body).items, ...toItems(body.input, call.mint)];
  const prompt = responsePrompt(
    { instructions: body.instructions ?? null, tools: tools ?? [] },
    body.model ?? '',
    context,
  );
  return json<InputTokenCountResponse>({
    object: 'response.input_tokens',
    input_tokens: options.model.countInput(prompt),
  });
}

/** The compacted form is the text of the context: enough for the next response to answer from it. */
function compact(options: ResponsesOptions, call: Call): Reply {
  const body = call.json<ResponseCompactParams>();
  const model = resolveModel(body.model);
  const context = [...contextOf(options, body).items, ...toItems(body.input, call.mint)];
  const { messages } = responsePrompt({ instructions: body.instructions ?? null }, model, context);
  const summary = messages
    .map(({ role, text }) => `${role}: ${text}`)
    .join('\n')
    .slice(0, 2000);
  const usage = {
    inputTokens: options.model.countInput(responsePrompt({}, model, context)),
    cachedTokens: 0,
    outputTokens: options.tokens.count(summary),
    reasoningTokens: 0,
  };
  call.bill(usage);
  return json<CompactedResponse>({
    id: call.mint.id('resp_', 50),
    object: 'response.compaction',
    created_at: call.mint.seconds(),
    output: [
      {
        id: call.mint.id('cmp_', 48),
        type: 'compaction',
        encrypted_content: Buffer.from(summary).toString('base64'),
      },
    ],
    usage: toResponseUsage(usage),
  });
}

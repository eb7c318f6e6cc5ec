import type { InputTokenCountParams, InputTokenCountResponse } from 'openai/resources/responses/input-tokens';
import type { CompactedResponse, ResponseCompactParams } from 'openai/resources/responses/responses';

import { ApiError } from './api-error.ts';
import type { Call } from './call.ts';
import { contextOf, createResponse, follow, type ResponsesOptions } from './create-response.ts';
import { paginate, type Page } from './list.ts';
import { resolveModel } from './models.ts';
import { eventStream, json, type Reply } from './reply.ts';
import { responsePrompt, toResponseUsage } from './response-answer.ts';
import { toItems } from './response-items.ts';
import { responseAt, usageAt } from './response-record.ts';
import type { Item, WireResponse } from './response-wire.ts';
import type { Route } from './router.ts';

export function responseRoutes(options: ResponsesOptions): Route[] {
  const { responses, nowMs } = options;
  const find = (call: Call) => responses.find(call.params['response_id'] ?? '');
  return [
    { method: 'POST', path: '/responses', handle: (call) => createResponse(options, call) },
    ...(options.listsResponses ? [listRoute(options)] : []),
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

/** As stored, newest first, with their metadata. */
function listRoute({ responses, nowMs }: ResponsesOptions): Route {
  return {
    method: 'GET',
    path: '/responses',
    handle({ query }) {
      const stored = responses.all().map((record) => responseAt(record, nowMs()));
      return json<Page<WireResponse>>(paginate(stored, query));
    },
  };
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

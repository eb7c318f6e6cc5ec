import { setTimeout as sleep } from 'node:timers/promises';

import { isRecord } from '../../../openai/is-record.ts';
import type { UpstreamCalls } from '../../upstream-calls.ts';
import type { LastError, Usage } from '../../wire.ts';
import { brokenOff, readRunUsage } from '../call-failures.ts';
import type {
  CallContext,
  FoundCall,
  ModelEnding,
  ModelEvent,
  ModelPort,
  ModelRequest,
} from '../model-call.ts';
import { streamCall } from '../stream-call.ts';
import { readEnding } from './ending.ts';
import { includes, toInputRequest, toResponseRequest } from './request.ts';
import { createResponseReader } from './response-reader.ts';
import type { UpstreamStore } from './upstream-store.ts';

export interface ResponsesModelSettings {
  readonly calls: UpstreamCalls;
  readonly upstreamStore: UpstreamStore;
}

/**
 * Asks models by the Responses API. What the cap on output has cut, a message or a call, is begun and never ended.
 */
export function createResponsesModel({ calls, upstreamStore }: ResponsesModelSettings): ModelPort {
  return { minOutputTokens: 16, refusalOf: () => undefined, call, lookUp, countInput };

  async function call(
    request: ModelRequest,
    context: CallContext,
    onEvent: (event: ModelEvent) => void,
  ): Promise<ModelEnding> {
    const reader = createResponseReader(onEvent);
    const body = toResponseRequest(request, upstreamStore);
    const streamed = await streamCall(calls, { path: '/responses', body }, context, reader.read);
    if (streamed.kind === 'ended' && streamed.value !== undefined) reader.readWhole(streamed.value);
    const told = reader.ending();
    const usage = streamed.usage ?? told?.usage;
    const known =
      usage ?? (streamed.kind === 'ended' ? undefined : await usageOfCut(reader.upstreamId(), context));
    if (told) return { ...told, usage: known };
    if (streamed.kind === 'aborted') return { how: 'aborted', usage: known };
    return { how: 'failed', usage: known, error: streamed.kind === 'failed' ? streamed.error : brokenOff };
  }

  async function lookUp(upstreamId: string, { identity, signal }: CallContext): Promise<FoundCall> {
    const response = await retrieve(upstreamId, { identity, signal }, wholeQuery);
    if (!response) return { state: 'unknown' };
    if (response['status'] === 'queued' || response['status'] === 'in_progress') return { state: 'running' };
    const events: ModelEvent[] = [];
    const reader = createResponseReader((event) => events.push(event));
    reader.readWhole(response);
    const ending = reader.ending();
    if (!ending) return { state: 'unknown' };
    const isLeft = response['status'] === 'cancelled';
    return { state: 'ended', events, ending: isLeft ? { ...ending, error: callerGone } : ending };
  }

  async function countInput(request: ModelRequest, context: CallContext): Promise<number | undefined> {
    const body = toInputRequest(request, upstreamStore);
    const path = '/responses/input_tokens';
    const answer = await calls.json({ method: 'POST', path, body, ...context }).catch(() => undefined);
    const count = answer?.status === 200 && isRecord(answer.value) ? answer.value['input_tokens'] : undefined;
    return Number.isSafeInteger(count) ? (count as number) : undefined;
  }

  /** Undefined if the upstream has no such response, or can't be asked. */
  async function retrieve(
    id: string,
    context: CallContext,
    query = '',
  ): Promise<Record<string, unknown> | undefined> {
    // An id becomes a part of a path, and an upstream may say what it likes.
    if (upstreamStore === 'forget' || !/^[\w-]{1,128}$/.test(id)) return undefined;
    const path = `/responses/${id}${query}`;
    const answer = await calls.json({ method: 'GET', path, ...context }).catch(() => undefined);
    return answer?.status === 200 && isRecord(answer.value) ? answer.value : undefined;
  }

  /** What a call has used that was left, or broke off, just now. The ledger asks in the same way. */
  async function usageOfCut(id: string | undefined, { identity }: CallContext): Promise<Usage | undefined> {
    if (id === undefined || upstreamStore === 'forget') return undefined;
    const signal = AbortSignal.timeout(lookUpTimeoutMs);
    for (const delayMs of askAgainAfterMs) {
      await sleep(delayMs);
      const response = await retrieve(id, { identity, signal });
      if (response && readEnding(response)) return readRunUsage(response['usage']);
    }
    return undefined;
  }
}

const callerGone: LastError = {
  code: 'server_error',
  message:
    'The sidecar that carried out this run ended in the middle of a model call, and the upstream cancelled the call.',
};

/** An upstream notices a moment later that its caller has left, and tells of the end only then. */
const askAgainAfterMs = [0, 100, 300, 600];
const lookUpTimeoutMs = 3000;

const wholeQuery = `?${[includes.searchResults, includes.codeOutputs]
  .map((included) => `include%5B%5D=${included}`)
  .join('&')}`;

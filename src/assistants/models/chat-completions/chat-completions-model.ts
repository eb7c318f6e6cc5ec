import type { UpstreamCalls } from '../../upstream-calls.ts';
import type { Tool } from '../../wire.ts';
import { brokenOff } from '../call-failures.ts';
import type { CallContext, ModelEnding, ModelEvent, ModelPort, ModelRequest } from '../model-call.ts';
import { streamCall } from '../stream-call.ts';
import { createChatReader } from './chat-reader.ts';
import { toChatRequest } from './request.ts';

export interface ChatCompletionsModelSettings {
  readonly calls: UpstreamCalls;
  /** For engines that give their calls no ids. */
  readonly newCallId: () => string;
}

/** Asks models by Chat Completions, as self-hosted engines speak it: with functions, and no other tools. */
export function createChatCompletionsModel({ calls, newCallId }: ChatCompletionsModelSettings): ModelPort {
  return {
    minOutputTokens: 1,
    refusalOf,
    call,
    lookUp: async () => ({ state: 'unknown' }),
    countInput: async () => undefined,
  };

  async function call(
    request: ModelRequest,
    context: CallContext,
    onEvent: (event: ModelEvent) => void,
  ): Promise<ModelEnding> {
    if (showsFiles(request)) {
      return { how: 'failed', usage: undefined, error: { code: 'invalid_prompt', message: noFiles } };
    }
    const reader = createChatReader(onEvent, newCallId);
    const body = toChatRequest(request);
    const streamed = await streamCall(calls, { path: '/chat/completions', body }, context, reader.read);
    const isWhole = streamed.kind === 'ended' || reader.isOver();
    if (streamed.kind === 'ended' && streamed.value !== undefined) reader.readWhole(streamed.value);
    const told = isWhole ? reader.end() : undefined;
    if (told) return { ...told, usage: streamed.usage ?? told.usage };
    const { usage } = streamed;
    if (streamed.kind === 'aborted') return { how: 'aborted', usage };
    return { how: 'failed', usage, error: streamed.kind === 'failed' ? streamed.error : brokenOff };
  }
}

function refusalOf(tools: readonly Tool[]): string | undefined {
  const unserved = tools.find(({ type }) => type !== 'function');
  return (
    unserved &&
    `This sidecar serves runs on Chat Completions (assistants.backend), which has no ${unserved.type}. ` +
      'Remove the tool from the assistant or the run.'
  );
}

function showsFiles({ turns }: ModelRequest): boolean {
  return turns.some(
    (turn) =>
      turn.type === 'message' &&
      turn.role === 'user' &&
      turn.content.some(({ type }) => type === 'image_file'),
  );
}

const noFiles =
  'This sidecar serves runs on Chat Completions (assistants.backend), which has no files. ' +
  'Send the image as an image_url.';

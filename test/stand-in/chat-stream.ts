import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionCreateParams,
} from 'openai/resources/chat/completions';

import type { Call } from './call.ts';
import { finishReason, isLegacy, toUsage, type Choice } from './chat-answer.ts';
import { chunkText } from './chunk-text.ts';
import type { TokenUsage } from './model.ts';
import { pause } from './pause.ts';
import { sse } from './reply.ts';
import type { TextPiece, Tokens } from './tokens.ts';

export interface ChatStream {
  call: Call;
  body: ChatCompletionCreateParams;
  answer: ChatCompletion;
  choices: Choice[];
  usage: TokenUsage;
  tokens: Tokens;
  chunkDelayMs: number;
  done(): void;
}

/**
 * The chunks of a streamed chat completion. With `include_usage` each of them has `usage: null`, and one more
 * with empty `choices` tells the usage; without it they have no such member.
 */
export async function* streamChat(stream: ChatStream): AsyncGenerator<string> {
  const { call, body, answer, usage } = stream;
  const includeUsage = body.stream_options?.include_usage ?? false;
  const obfuscate = body.stream_options?.include_obfuscation ?? true;
  const frame = (choices: ChatCompletionChunk['choices'], text = ''): ChatCompletionChunk => ({
    id: answer.id,
    object: 'chat.completion.chunk',
    created: answer.created,
    model: answer.model,
    service_tier: 'default',
    system_fingerprint: 'fp_standin000',
    choices,
    ...(includeUsage ? { usage: null } : {}),
    // Padding that hides the length of tokens from an eavesdropper.
    ...(obfuscate ? { obfuscation: 'x7Kd9QmPzR4t'.slice(0, 12 - (text.length % 12)) } : {}),
  });

  const billed = { ...usage, outputTokens: usage.reasoningTokens };
  call.bill(billed);
  for (const [index, choice] of stream.choices.entries()) {
    const delayMs = choice.completion.directives.delayMs ?? stream.chunkDelayMs;
    for (const { delta, piece } of deltas(stream, choice)) {
      yield sse<ChatCompletionChunk>(
        frame([{ index, delta, logprobs: null, finish_reason: null }], piece?.text),
      );
      billed.outputTokens += piece?.tokens ?? 0;
      await pause(delayMs, call.signal);
      if (call.signal.aborted) return;
    }
    const finish_reason = finishReason(choice.completion, body);
    yield sse<ChatCompletionChunk>(frame([{ index, delta: {}, logprobs: null, finish_reason }]));
  }
  call.bill(usage);
  if (includeUsage) yield sse<ChatCompletionChunk>({ ...frame([]), usage: toUsage(usage) });
  stream.done();
  yield 'data: [DONE]\n\n';
}

type Delta = ChatCompletionChunk.Choice.Delta;

function* deltas(
  { tokens, body }: ChatStream,
  { completion, callIds }: Choice,
): Generator<{ delta: Delta; piece?: TextPiece }> {
  const cut = (text: string) => chunkText(tokens, text, completion.directives);
  if (completion.calls.length === 0) {
    yield { delta: { role: 'assistant', content: '', refusal: null } };
    for (const piece of cut(completion.text)) {
      yield { delta: completion.refusal ? { refusal: piece.text } : { content: piece.text }, piece };
    }
    return;
  }
  for (const [index, called] of completion.calls.entries()) {
    const start: Delta = index === 0 ? { role: 'assistant', content: null, refusal: null } : {};
    const name = { text: '', tokens: tokens.count(called.name) };
    if (isLegacy(body)) {
      yield { delta: { ...start, function_call: { name: called.name, arguments: '' } }, piece: name };
      for (const piece of cut(called.arguments)) {
        yield { delta: { function_call: { arguments: piece.text } }, piece };
      }
      return;
    }
    const opened = { name: called.name, arguments: '' };
    yield {
      delta: {
        ...start,
        tool_calls: [{ index, id: callIds[index] ?? '', type: 'function', function: opened }],
      },
      piece: name,
    };
    for (const piece of cut(called.arguments)) {
      yield { delta: { tool_calls: [{ index, function: { arguments: piece.text } }] }, piece };
    }
  }
}

import type { ChatCompletion, ChatCompletionCreateParams } from 'openai/resources/chat/completions';

import type { Call } from './call.ts';
import { sumUsage, toChatCompletion, type Choice } from './chat-answer.ts';
import { chatPrompt } from './chat-prompt.ts';
import { streamChat } from './chat-stream.ts';
import type { Model } from './model.ts';
import { resolveModel } from './models.ts';
import { pause } from './pause.ts';
import { eventStream, json, type Reply } from './reply.ts';
import type { Route } from './router.ts';
import type { StoredCompletions } from './stored-completions.ts';
import type { Tokens } from './tokens.ts';

export interface ChatOptions {
  model: Model;
  tokens: Tokens;
  chunkDelayMs: number;
  stored: StoredCompletions;
}

export function chatRoutes(options: ChatOptions): Route[] {
  return [{ method: 'POST', path: '/chat/completions', handle: (call) => createChat(options, call) }];
}

async function createChat(options: ChatOptions, call: Call): Promise<Reply> {
  const body = call.json<ChatCompletionCreateParams>();
  const requested = call.deployment ?? body.model;
  const prompt = chatPrompt(body, resolveModel(requested));
  const choices = Array.from({ length: body.n ?? 1 }, (_, variant): Choice => {
    const completion = options.model.complete(prompt, variant);
    return { completion, callIds: completion.calls.map(() => call.mint.id('call_', 24)) };
  });
  const answer = toChatCompletion(call.mint, prompt.model, choices, body);
  const usage = sumUsage(choices.map((choice) => choice.completion.usage));
  await pause(choices[0]?.completion.directives.thinkMs ?? 0, call.signal);

  const done = () => {
    if (body.store) options.stored.add({ ...answer, metadata: body.metadata ?? {} }, body.messages);
  };
  if (body.stream) return eventStream(streamChat({ ...options, call, body, answer, choices, usage, done }));
  call.bill(usage);
  done();
  return json<ChatCompletion>(answer);
}

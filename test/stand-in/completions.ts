import type { Completion, CompletionCreateParams } from 'openai/resources/completions';

import { missing } from './api-error.ts';
import type { Call } from './call.ts';
import { sumUsage, toUsage } from './chat-answer.ts';
import { chunkText } from './chunk-text.ts';
import type { Completion as Answer, Model, TokenUsage } from './model.ts';
import { resolveModel } from './models.ts';
import { pause } from './pause.ts';
import { eventStream, json, sse, type Reply } from './reply.ts';
import type { Route } from './router.ts';
import type { Tokens } from './tokens.ts';

interface CompletionsOptions {
  model: Model;
  tokens: Tokens;
  chunkDelayMs: number;
}

/** The legacy Completions API: plain text in, plain text out. */
export function completionRoutes(options: CompletionsOptions): Route[] {
  return [{ method: 'POST', path: '/completions', handle: (call) => complete(options, call) }];
}

/** What all chunks and the whole answer have in common. */
type Head = Pick<Completion, 'id' | 'object' | 'created' | 'model'>;

function complete(options: CompletionsOptions, call: Call): Reply {
  const body = call.json<CompletionCreateParams>();
  const name = resolveModel(call.deployment ?? body.model);
  if (body.prompt === undefined) throw missing('prompt');
  const prompts = typeof body.prompt === 'string' ? [body.prompt] : (body.prompt ?? ['']);
  const answers = prompts.flatMap((prompt) =>
    Array.from({ length: body.n ?? 1 }, (_, variant) =>
      options.model.complete(
        {
          model: name,
          messages: [{ role: 'user', text: typeof prompt === 'string' ? prompt : JSON.stringify(prompt) }],
          functions: [],
          toolChoice: 'none',
          parallelToolCalls: false,
          format: { type: 'text' },
          maxTokens: body.max_tokens ?? 16,
        },
        variant,
      ),
    ),
  );
  const usage = sumUsage(answers.map((answer) => answer.usage));
  const head: Head = {
    id: call.mint.id('cmpl-', 29),
    object: 'text_completion',
    created: call.mint.seconds(),
    model: name,
  };
  call.bill(usage);
  if (body.stream) return eventStream(stream(options, call, head, body, answers, usage));
  return json<Completion>({
    ...head,
    choices: answers.map(({ text, finish }, index) => ({
      text,
      index,
      logprobs: null,
      finish_reason: finish === 'length' ? 'length' : 'stop',
    })),
    usage: toUsage(usage),
  });
}

/** In a stream the reason is null until the last chunk, which the SDK's type leaves out, as it does the usage. */
type Chunk = Omit<Completion, 'choices' | 'usage'> & {
  choices: (Omit<Completion['choices'][number], 'finish_reason'> & {
    finish_reason: Completion['choices'][number]['finish_reason'] | null;
  })[];
  usage?: Completion['usage'] | null;
};

async function* stream(
  options: CompletionsOptions,
  call: Call,
  head: Head,
  body: CompletionCreateParams,
  answers: Answer[],
  usage: TokenUsage,
): AsyncGenerator<string> {
  const includeUsage = body.stream_options?.include_usage ?? false;
  const frame = (choices: Chunk['choices']): Chunk => ({
    ...head,
    choices,
    ...(includeUsage ? { usage: null } : {}),
  });
  for (const [index, answer] of answers.entries()) {
    for (const piece of chunkText(options.tokens, answer.text, answer.directives)) {
      yield sse<Chunk>(frame([{ text: piece.text, index, logprobs: null, finish_reason: null }]));
      await pause(answer.directives.delayMs ?? options.chunkDelayMs, call.signal);
      if (call.signal.aborted) return;
    }
    const finish_reason = answer.finish === 'length' ? 'length' : 'stop';
    yield sse<Chunk>(frame([{ text: '', index, logprobs: null, finish_reason }]));
  }
  if (includeUsage) yield sse<Chunk>({ ...frame([]), usage: toUsage(usage) });
  yield 'data: [DONE]\n\n';
}

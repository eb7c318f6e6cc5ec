import { ApiError } from './api-error.ts';
import { readDirectives, type Directives } from './directives.ts';
import { exampleOf } from './schema-example.ts';
import type { PromptCache, Tokens } from './tokens.ts';

/** What every API boils down to before the model sees it. */
export interface Prompt {
  model: string;
  messages: PromptMessage[];
  functions: PromptFunction[];
  toolChoice: 'auto' | 'none' | 'required' | { name: string };
  parallelToolCalls: boolean;
  format: { type: 'text' } | { type: 'json_object' } | { type: 'json_schema'; schema: unknown };
  /** Undefined: no limit. Reasoning counts against it. */
  maxTokens?: number | undefined;
  effort?: string | null | undefined;
  /** What a search in the offered files found. */
  findings?: string[];
}

export interface PromptMessage {
  role: 'system' | 'user' | 'assistant' | 'tool';
  text: string;
}

export interface PromptFunction {
  name: string;
  description?: string | null | undefined;
  /** A JSON schema. */
  parameters: unknown;
}

/** What the model produced. */
export interface Completion {
  text: string;
  refusal: boolean;
  calls: { name: string; arguments: string }[];
  /** `length`: the limit cut it. */
  finish: 'stop' | 'length' | 'toolCalls';
  usage: TokenUsage;
  directives: Directives;
}

export interface TokenUsage {
  inputTokens: number;
  cachedTokens: number;
  /** Includes the reasoning. */
  outputTokens: number;
  reasoningTokens: number;
}

/** A rule instead of a language model: a readable answer to the last user message. */
export interface Model {
  complete(prompt: Prompt, variant?: number): Completion;
  countInput(prompt: Prompt): number;
}

export function createModel(tokens: Tokens, cache: PromptCache): Model {
  function countInput(prompt: Prompt): number {
    // Each message costs 3 tokens of framing and one for its role, the answer's start 3 more; functions
    // are shown to the model as text.
    let count = 3;
    for (const message of prompt.messages) count += 4 + tokens.count(message.text);
    for (const { name, description, parameters } of prompt.functions) {
      const shown = { name, ...(description ? { description } : {}), parameters: parameters ?? {} };
      count += 8 + tokens.count(JSON.stringify(shown));
    }
    return count;
  }

  function complete(prompt: Prompt, variant = 0): Completion {
    const lastUser = prompt.messages.findLastIndex((message) => message.role === 'user');
    const directives = readDirectives(prompt.messages[lastUser]?.text ?? '');
    const since = prompt.messages.slice(lastUser + 1);
    const calls = chooseCalls(prompt, directives, since);
    const wanted = calls.length > 0 ? '' : writeAnswer(prompt, directives, since, variant);

    const inputTokens = countInput(prompt);
    const window = contextWindow(prompt.model);
    if (inputTokens > window) throw contextLengthExceeded(window, inputTokens);
    const cachedTokens = cache.cachedTokens(prompt.messages.map((message) => tokens.encode(message.text)));
    let left = prompt.maxTokens ?? Number.POSITIVE_INFINITY;
    const reasoningTokens = Math.min(left, directives.reasoningTokens ?? reasoningOf(prompt));
    left -= reasoningTokens;

    let outputTokens = reasoningTokens;
    let cut = false;
    const spend = (text: string): string => {
      const needed = tokens.count(text);
      if (needed > left) cut = true;
      const spent = Math.min(needed, left);
      outputTokens += spent;
      left -= spent;
      return spent < needed ? tokens.truncate(text, spent) : text;
    };
    const text = spend(wanted);
    const made: Completion['calls'] = [];
    for (const call of calls) {
      if (left <= 0) {
        cut = true;
        break;
      }
      made.push({ name: spend(call.name) && call.name, arguments: spend(call.arguments) });
    }
    return {
      text,
      refusal: directives.refuse,
      calls: made,
      finish: cut ? 'length' : made.length > 0 ? 'toolCalls' : 'stop',
      usage: { inputTokens, cachedTokens, outputTokens, reasoningTokens },
      directives,
    };
  }

  return { complete, countInput };
}

/** o-series and gpt-5 and later think before they answer, as much as the effort says. */
function reasoningOf(prompt: Prompt): number {
  if (!isReasoningModel(prompt.model)) return 0;
  const byEffort: Record<string, number> = {
    none: 0,
    minimal: 0,
    low: 64,
    medium: 128,
    high: 256,
    xhigh: 512,
  };
  return byEffort[prompt.effort ?? 'medium'] ?? 128;
}

export function isReasoningModel(model: string): boolean {
  return /^(o\d|gpt-[5-9])/.test(model);
}

/** In tokens. */
function contextWindow(model: string): number {
  if (model.startsWith('gpt-4.1')) return 1_047_576;
  return model.startsWith('gpt-4') ? 128_000 : 400_000;
}

function contextLengthExceeded(windowTokens: number, inputTokens: number): ApiError {
  return new ApiError(
    400,
    `This model's maximum context length is ${windowTokens} tokens. However, your messages resulted in ` +
      `${inputTokens} tokens. Please reduce the length of the messages.`,
    { param: 'messages', code: 'context_length_exceeded' },
  );
}

/** Functions are called only until their results are there: then comes text. */
function chooseCalls(prompt: Prompt, directives: Directives, since: PromptMessage[]): Completion['calls'] {
  if (prompt.toolChoice === 'none' || prompt.functions.length === 0) return [];
  const answered = since.filter((message) => message.role === 'tool').length;
  const text = directives.rest || 'stand-in';
  const callOf = (offered: PromptFunction, args?: string) => ({
    name: offered.name,
    arguments: args ?? JSON.stringify(exampleOf(offered.parameters, text.slice(0, 40))),
  });
  const offeredAs = (name: string) => prompt.functions.find((offered) => offered.name === name);

  const asked = directives.tools.flatMap((tool) => {
    const offered = offeredAs(tool.name);
    return offered ? [callOf(offered, tool.arguments)] : [];
  });
  if (asked.length > 0) {
    const open = asked.slice(answered);
    return prompt.parallelToolCalls ? open : open.slice(0, 1);
  }
  if (answered > 0) return [];
  if (typeof prompt.toolChoice === 'object') {
    const offered = offeredAs(prompt.toolChoice.name);
    return offered ? [callOf(offered)] : [];
  }
  const named = prompt.functions.find((offered) => directives.rest.includes(offered.name));
  const chosen = named ?? (prompt.toolChoice === 'required' ? prompt.functions[0] : undefined);
  return chosen ? [callOf(chosen)] : [];
}

function writeAnswer(
  prompt: Prompt,
  directives: Directives,
  since: PromptMessage[],
  variant: number,
): string {
  if (directives.refuse) return "I'm sorry, but I can't help with that.";
  if (directives.say !== undefined) return directives.say;
  if (directives.echo) return directives.rest;
  if (directives.recall) return readDirectives(firstUserText(prompt)).rest;
  if (directives.bytes !== undefined) return passage(directives.bytes).slice(0, directives.bytes);
  if (directives.words !== undefined) {
    return passage(directives.words * 12)
      .split(' ')
      .slice(0, directives.words)
      .join(' ');
  }
  const text = sentences(prompt, directives, since, variant);
  if (prompt.format.type === 'json_object') return JSON.stringify({ answer: text });
  if (prompt.format.type === 'json_schema') return JSON.stringify(exampleOf(prompt.format.schema, text));
  return text;
}

function firstUserText({ messages }: Prompt): string {
  return messages.find(({ role }) => role === 'user')?.text ?? '';
}

function sentences(prompt: Prompt, directives: Directives, since: PromptMessage[], variant: number): string {
  const results = since.filter((message) => message.role === 'tool').map((message) => message.text);
  const turns = prompt.messages.filter((message) => message.role === 'user').length;
  const system = prompt.messages.find((message) => message.role === 'system')?.text;
  return [
    ...(variant > 0 ? [`Choice ${variant + 1}.`] : []),
    `You said: "${directives.rest.slice(0, 1000)}".`,
    ...(results.length > 0 ? [`The tools answered: ${results.join('; ')}.`] : []),
    ...(prompt.findings?.length ? [`The files say: ${prompt.findings.join(' / ')}.`] : []),
    ...(system ? [`I was told: "${system.slice(0, 100)}".`] : []),
    `This is turn ${turns}, answered by the stand-in for ${prompt.model}.`,
  ].join(' ');
}

const PASSAGE =
  'The tide came in slowly, and with it the boats that had been away since spring. Nobody on the pier spoke. ' +
  'A lamp was lit, then another, until the whole harbour could be read like a page. Old letters were opened, ' +
  'bread was cut, and the youngest asked what the sea looks like where it has no shore. ';

function passage(bytes: number): string {
  return PASSAGE.repeat(Math.ceil(bytes / PASSAGE.length));
}

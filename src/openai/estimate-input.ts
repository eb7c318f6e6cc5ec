import { audioTokens, fileTokens, hostedToolTokens } from './estimates.ts';
import type { Estimates } from './estimates.ts';
import { mostImageTokens } from './image-tokens.ts';
import { isRecord } from './is-record.ts';
import type { Operation } from './operations.ts';
import { isTokenCount } from './token-count.ts';
import type { ParsedBody } from './with-member.ts';

/** What a call's input may cost. */
export interface InputEstimate {
  /** At least what the upstream will bill, as far as it can be known: the texts' bytes and `fixedTokens`. */
  readonly boundTokens: number;
  /** What an exact count has to count; it then adds `fixedTokens`. */
  readonly texts: () => string[];
  /** Overheads, and whatever is counted by rule. */
  readonly fixedTokens: number;
}

/**
 * Bounds the input of a call without a tokenizer, in time linear in the body. A token stands for at least one
 * byte of UTF-8, so a text has at most as many tokens as bytes. Images, files and sound are counted by rule and
 * not as the base64 that they are sent as; what the rule is, `Estimates` and `mostImageTokens` tell. Every text
 * of the request counts that isn't known to be none of the model's business, so that members of tomorrow do.
 */
export function estimateInput(
  { name, method, requestBody }: Operation,
  body: ParsedBody | undefined,
  estimates: Estimates,
): InputEstimate {
  if (method === 'GET') return estimate([], 0);
  // What came as a form holds files, and was not read.
  if (!body) return estimate([], requestBody === 'none' ? 0 : estimates.fileTokens);
  const value = isRecord(body.value) ? body.value : {};
  const maxPromptTokens = value['max_prompt_tokens'];
  // It holds for all of a run's turns.
  if (runs.has(name) && isTokenCount(maxPromptTokens)) return estimate([], maxPromptTokens);
  const collected = collectInput(value, estimates);
  const isStored = runs.has(name) || collected.isStored;
  const requestTokens = name === 'embeddings.create' ? 0 : tokensPerRequest;
  const storedTokens = isStored ? estimates.conversationTokens : 0;
  return estimate(collected.texts, collected.fixedTokens + requestTokens + storedTokens);
}

function estimate(texts: string[], fixedTokens: number): InputEstimate {
  const textBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return { boundTokens: textBytes + fixedTokens, texts: () => texts, fixedTokens };
}

interface Collected {
  readonly texts: string[];
  fixedTokens: number;
  /** It refers to what the upstream has stored. */
  isStored: boolean;
}

/** A value that is still to be looked at. In a schema the names of members are text too. */
type Pending = readonly [value: unknown, isSchema: boolean];

/** Goes through the request with a stack of its own: a body may be nested deeper than calls can be. */
function collectInput(request: Record<string, unknown>, estimates: Estimates): Collected {
  const collected: Collected = { texts: [], fixedTokens: 0, isStored: false };
  const pending: Pending[] = [];
  const model = typeof request['model'] === 'string' ? request['model'] : '';

  for (const [key, value] of Object.entries(request)) {
    if (value === null || typeof value === 'number' || unseenMembers.has(key)) continue;
    if (key === 'web_search_options') collected.fixedTokens += estimates.webSearchTokens;
    if (storedMembers.has(key) || (key === 'prompt' && isRecord(value))) collected.isStored = true;
    if (storedMembers.has(key)) continue;
    if ((key === 'tools' || key === 'functions') && Array.isArray(value)) addTools(value);
    else if (imageMembers.has(key)) addImages(value);
    else pending.push([value, schemaMembers.has(key)]);
  }
  for (let next = pending.pop(); next; next = pending.pop()) visit(...next);
  return collected;

  function addTools(tools: readonly unknown[]): void {
    for (const tool of tools) {
      collected.fixedTokens += tokensPerTool + (isRecord(tool) ? hostedToolTokens(tool, estimates) : 0);
      pending.push([tool, true]);
    }
  }

  function addImages(value: unknown): void {
    const images: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const image of images) addImage(detailOf(isRecord(image) ? image : {}));
  }

  function addImage(detail: unknown): void {
    const { imageTokens, originalImageTokens } = estimates;
    const unknownTokens = detail === 'original' ? originalImageTokens : imageTokens;
    collected.fixedTokens += mostImageTokens(model, detail) ?? unknownTokens;
  }

  function visit(value: unknown, isSchema: boolean): void {
    if (typeof value === 'string') collected.texts.push(value);
    // Prompts and embeddings take tokens as numbers.
    else if (typeof value === 'number') collected.fixedTokens += isSchema ? tokensPerNumber : 1;
    else if (Array.isArray(value)) {
      if (isSchema) collected.fixedTokens += value.length * tokensPerMember;
      for (const item of value) {
        if (typeof item === 'object') pending.push([item, isSchema]);
        else visit(item, isSchema);
      }
    } else if (isRecord(value) && isSchema) visitSchema(value);
    else if (isRecord(value)) visitPart(value);
  }

  function visitSchema(value: Record<string, unknown>): void {
    for (const [key, member] of Object.entries(value)) {
      collected.texts.push(key);
      collected.fixedTokens += tokensPerMember;
      pending.push([member, true]);
    }
  }

  /** A message, an item, a part of one, or a call of a tool. */
  function visitPart(part: Record<string, unknown>): void {
    collected.fixedTokens += tokensPerPart;
    const { type } = part;
    if (type === 'item_reference') collected.isStored = true;
    if (type === 'image_generation_call') addImage(undefined);
    const isImage = typeof type === 'string' && imageTypes.has(type);
    if (isImage) addImage(detailOf(part));
    if (type === 'file' || type === 'input_file') collected.fixedTokens += fileTokens(part, estimates);
    for (const [key, member] of Object.entries(part)) {
      if (member === null || structuralMembers.has(key)) continue;
      if (key === 'audio' || key === 'input_audio') collected.fixedTokens += audioTokens(member, estimates);
      else if (isMedia(key, type)) {
        if (!isImage && key === 'image_url') addImage(part['detail']);
      } else pending.push([member, schemaMembersOfParts.has(key)]);
    }
  }
}

function detailOf(part: Record<string, unknown>): unknown {
  const inner = part['image_url'] ?? part['image_file'];
  return isRecord(inner) ? inner['detail'] : part['detail'];
}

/** Where a part holds data rather than text. */
function isMedia(key: string, type: unknown): boolean {
  if (key === 'result') return type === 'image_generation_call';
  return key === 'url' ? type === 'image' : mediaMembers.has(key);
}

/** OpenAI's cookbook, "How to count tokens": 3 for a message, 1 for its role and 1 for a name. */
const tokensPerPart = 5;
/** 3 to begin the answer, and what newer models put around a conversation. */
const tokensPerRequest = 8;
/** The same, for tools: 7 to begin a function and 12 to end it; 3 for a property and for each item of an enum. */
const tokensPerTool = 20;
const tokensPerMember = 3;
/** No number has more than 24 characters in JavaScript. */
const tokensPerNumber = 24;

const runs = new Set(['threads.runs.create', 'threads.createAndRun', 'threads.runs.submitToolOutputs']);

/** Members of a request that the model doesn't see. */
const unseenMembers = new Set([
  'assistant_id',
  'audio',
  'dimensions',
  'encoding_format',
  'include',
  'logit_bias',
  'metadata',
  'modalities',
  'model',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'reasoning',
  'reasoning_effort',
  'safety_identifier',
  'service_tier',
  'stop',
  'stream_options',
  'truncation_strategy',
  'user',
]);
const storedMembers = new Set(['previous_response_id', 'conversation', 'input_file_id']);
/** `text` holds a response's format. */
const schemaMembers = new Set(['functions', 'response_format', 'text', 'tools']);
const schemaMembersOfParts = new Set(['tools', 'variables']);
const imageMembers = new Set(['images', 'mask']);

const imageTypes = new Set(['image', 'image_url', 'input_image', 'image_file', 'computer_screenshot']);
/** Members of a message or a part whose values only say what it is. */
const structuralMembers = new Set([
  'annotations',
  'call_id',
  'detail',
  'file_id',
  'id',
  'logprobs',
  'metadata',
  'phase',
  'role',
  'status',
  'tool_call_id',
  'type',
]);
const mediaMembers = new Set(['image_url', 'image_file', 'file_data', 'file_url']);

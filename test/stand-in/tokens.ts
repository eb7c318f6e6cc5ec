import { createHash } from 'node:crypto';

import { get_encoding, type Tiktoken } from 'tiktoken';

/** Counts tokens as OpenAI's models since gpt-4o do (encoding o200k_base). */
export interface Tokens {
  count(text: string): number;
  /** The token numbers of a text. */
  encode(text: string): Uint32Array;
  /** A text cut into its tokens; those that end inside a character are joined with the next. */
  split(text: string): TextPiece[];
  /** The text of the first `maxTokens` tokens; a character cut in the middle is left out. */
  truncate(text: string, maxTokens: number): string;
}

export interface TextPiece {
  text: string;
  tokens: number;
}

/** Loads the encoding at the first count: it takes about 0.3 s and 80 MB. */
export function createTokens(): Tokens {
  const remembered = new Map<string, Uint32Array>();

  function encode(text: string): Uint32Array {
    const known = remembered.get(text);
    if (known) return known;
    const tokens = o200k().encode(text, [], []);
    if (text.length > MAX_REMEMBERED_CHARACTERS) return tokens;
    if (remembered.size >= MAX_REMEMBERED_TEXTS) remembered.clear();
    remembered.set(text, tokens);
    return tokens;
  }

  return {
    encode,
    count: (text) => encode(text).length,
    truncate(text, maxTokens) {
      const bytes = o200k().decode(encode(text).subarray(0, maxTokens));
      return new TextDecoder().decode(bytes, { stream: true });
    },
    split(text) {
      const decoder = new TextDecoder();
      const pieces: TextPiece[] = [];
      let pending = 0;
      for (const token of encode(text)) {
        pending++;
        const piece = decoder.decode(o200k().decode_single_token_bytes(token), { stream: true });
        if (piece === '') continue;
        pieces.push({ text: piece, tokens: pending });
        pending = 0;
      }
      return pieces;
    },
  };
}

// Instructions and tools come back with every call; counting them once keeps JSON answers fast.
const MAX_REMEMBERED_TEXTS = 500;
const MAX_REMEMBERED_CHARACTERS = 20_000;

/** Remembers which prompts were seen, to answer `cached_tokens`. */
export interface PromptCache {
  /** How many leading tokens were seen before: 0 or, for prompts from 1024 tokens on, a multiple of 128. */
  cachedTokens(prompt: readonly Uint32Array[]): number;
}

/** `alwaysSeen` answers as if each prompt had been seen once, so that answers do not depend on history. */
export function createPromptCache(alwaysSeen: boolean): PromptCache {
  const seen = new Set<string>();
  return {
    cachedTokens(prompt) {
      if (prompt.reduce((sum, tokens) => sum + tokens.length, 0) < 1024) return 0;
      const hash = createHash('sha256');
      let position = 0;
      let cached = 0;
      const prefixes: string[] = [];
      for (const tokens of prompt) {
        for (const token of tokens) {
          hash.update(String(token));
          position++;
          if (position < 1024 || position % 128 !== 0) continue;
          const prefix = hash.copy().digest('base64');
          prefixes.push(prefix);
          if (alwaysSeen || seen.has(prefix)) cached = position;
        }
      }
      if (alwaysSeen) return cached;
      if (seen.size > 100_000) seen.clear();
      for (const prefix of prefixes) seen.add(prefix);
      return cached;
    },
  };
}

// The one thing kept for the whole process: a constant table of 80 MB that every stand-in can share.
let table: Tiktoken | undefined;

function o200k(): Tiktoken {
  table ??= get_encoding('o200k_base');
  return table;
}

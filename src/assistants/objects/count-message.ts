import type { TokenCounter } from '../../openai/count-tokens.ts';
import type { MessageContent } from '../wire.ts';

/**
 * The tokens that a message's content costs its readers: of its texts in o200k_base, and for each image what one of
 * 1024 x 1024 pixels costs. Never rejects.
 */
export async function countMessage(
  counter: TokenCounter,
  content: readonly MessageContent[],
): Promise<number> {
  const texts: string[] = [];
  let imageTokens = 0;
  for (const part of content) {
    if (part.type === 'text') texts.push(part.text.value);
    else if (part.type === 'refusal') texts.push(part.refusal);
    else imageTokens += detailOf(part) === 'low' ? lowImageTokens : imageTokensElse;
  }
  return imageTokens + (texts.length === 0 ? 0 : await countTexts(counter, texts));
}

/** A message must not be lost because it could not be counted: then it counts more than English usually does. */
async function countTexts(counter: TokenCounter, texts: readonly string[]): Promise<number> {
  try {
    return await counter.count(texts, 'gpt-4o');
  } catch {
    return Math.ceil(texts.reduce((bytes, text) => bytes + Buffer.byteLength(text), 0) / 3);
  }
}

function detailOf(part: Extract<MessageContent, { type: 'image_file' | 'image_url' }>): string | undefined {
  return part.type === 'image_file' ? part.image_file.detail : part.image_url.detail;
}

/** By OpenAI's guide "Images and vision", of gpt-4o: a base, and 170 for each of six tiles. */
const lowImageTokens = 85;
const imageTokensElse = 1105;

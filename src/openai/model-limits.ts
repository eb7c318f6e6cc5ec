import { baseModel } from './model-name.ts';

/**
 * The most output tokens that one answer of a model may have, by the longest prefix of its name; from
 * OpenAI's model pages (November 2026). What is not listed is not known.
 */
const rows: readonly (readonly [prefix: string, maxOutputTokens: number])[] = [
  ['gpt-3.5-turbo', 4096],
  ['gpt-4', 8192],
  ['gpt-4-turbo', 4096],
  ['gpt-4-1106', 4096],
  ['gpt-4-0125', 4096],
  ['gpt-4-vision', 4096],
  ['gpt-4o', 16_384],
  ['chatgpt-4o', 16_384],
  ['gpt-4o-2024-05-13', 4096],
  ['gpt-4.1', 32_768],
  ['gpt-4.5', 16_384],
  ['gpt-5', 128_000],
  ['gpt-5-chat', 16_384],
  ['gpt-6', 128_000],
  ['o1', 100_000],
  ['o1-preview', 32_768],
  ['o1-mini', 65_536],
  ['o3', 100_000],
  ['o4', 100_000],
  ['text-embedding', 0],
];

const byLength = [...rows].sort(([a], [b]) => b.length - a.length);

/** Fine-tuned models put out as much as what they were made of. */
export function maxOutputTokens(model: string): number | undefined {
  const base = baseModel(model);
  return byLength.find(([prefix]) => base.startsWith(prefix))?.[1];
}

/** Tokens of input and output together, as above. */
const windows: readonly (readonly [prefix: string, windowTokens: number])[] = [
  ['gpt-3.5-turbo', 16_385],
  ['gpt-4', 8192],
  ['gpt-4-turbo', 128_000],
  ['gpt-4-1106', 128_000],
  ['gpt-4-0125', 128_000],
  ['gpt-4-vision', 128_000],
  ['gpt-4-32k', 32_768],
  ['gpt-4o', 128_000],
  ['chatgpt-4o', 128_000],
  ['gpt-4.1', 1_047_576],
  ['gpt-4.5', 128_000],
  ['gpt-5', 400_000],
  ['gpt-5-chat', 128_000],
  ['gpt-6', 400_000],
  ['o1', 200_000],
  ['o1-preview', 128_000],
  ['o1-mini', 128_000],
  ['o3', 200_000],
  ['o4', 200_000],
];

const windowsByLength = [...windows].sort(([a], [b]) => b.length - a.length);

/** How much a model can look at; 128,000, as most have, for one that is not known. */
export function contextWindowTokens(model: string): number {
  const base = baseModel(model);
  return windowsByLength.find(([prefix]) => base.startsWith(prefix))?.[1] ?? 128_000;
}

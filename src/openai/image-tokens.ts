import { baseModel } from './model-name.ts';

/**
 * The most input tokens that one image can cost, whatever its size, by the rules in OpenAI's guide "Images and
 * vision", section "Calculating costs". Two kinds of models are told apart there:
 *
 * - tiles: an image is scaled into 2048 x 2048, then to a short side of 768, so it has at most 2 x 4 tiles of
 *   512: a base and eight tiles. With `detail: low` it costs the base alone.
 * - patches of 32 x 32: at most 1,536 of them, 2,500 since gpt-5.4 (10,000 with `detail: original`), each times
 *   a factor of the model. `low` is no bound there, so it counts as `high`.
 *
 * Undefined for a model that none of the rules names.
 */
export function mostImageTokens(model: string, detail: unknown): number | undefined {
  const base = baseModel(model);
  const rule = rules.find(([prefix]) => `${base}-`.startsWith(prefix));
  if (!rule) return undefined;
  const [, lowTokens, highTokens, originalTokens = highTokens] = rule;
  if (detail === 'original') return originalTokens;
  return detail === 'low' ? lowTokens : highTokens;
}

/** The first prefix that fits counts. */
// oxfmt-ignore
const rules: readonly (readonly [prefix: string, low: number, high: number, original?: number])[] = [
  ['gpt-4o-mini', ...tiles(2833, 5667)],
  ['gpt-4.1-mini', ...patches(1536, 1.62)],
  ['gpt-4.1-nano', ...patches(1536, 2.46)],
  ['gpt-4', ...tiles(85, 170)],
  ['chatgpt-4o', ...tiles(85, 170)],
  ['o4-mini', ...patches(1536, 1.72)],
  ['o1', ...tiles(75, 150)],
  ['o3', ...tiles(75, 150)],
  ['gpt-5-mini', ...patches(1536, 1.62)],
  ['gpt-5-nano', ...patches(1536, 2.46)],
  ['gpt-5-', ...tiles(70, 140)],
  ['gpt-5.1', ...tiles(70, 140)],
  ['gpt-5.4-mini', ...patches(2500, 1.62), 16_200],
  ['gpt-5.4-nano', ...patches(2500, 2.46), 24_600],
  ['gpt-5.4', ...patches(2500, 1), 10_000],
  ['gpt-5.5', ...patches(2500, 1), 10_000],
  ['computer-use-preview', ...tiles(65, 129)],
];

function tiles(baseTokens: number, tileTokens: number): [low: number, high: number] {
  return [baseTokens, baseTokens + 8 * tileTokens];
}

function patches(most: number, factor: number): [low: number, high: number] {
  const tokens = Math.ceil(most * factor);
  return [tokens, tokens];
}

import { createHash } from 'node:crypto';

import type { CreateEmbeddingResponse, Embedding, EmbeddingCreateParams } from 'openai/resources/embeddings';

import { invalid, missing } from './api-error.ts';
import { resolveModel } from './models.ts';
import { json } from './reply.ts';
import type { Route } from './router.ts';
import type { Tokens } from './tokens.ts';

export function embeddingRoutes(tokens: Tokens): Route[] {
  return [
    {
      method: 'POST',
      path: '/embeddings',
      handle(call) {
        const body = call.json<EmbeddingCreateParams>();
        const model = resolveModel(call.deployment ?? body.model);
        const inputs = toInputs(body.input);
        const dimensions = body.dimensions ?? DIMENSIONS[model] ?? 1536;
        const vectors = inputs.map((input) => vectorOf(JSON.stringify(input), dimensions));
        const promptTokens = inputs.reduce(
          (sum, input) => sum + (typeof input === 'string' ? tokens.count(input) : input.length),
          0,
        );
        call.bill({ inputTokens: promptTokens, cachedTokens: 0, outputTokens: 0, reasoningTokens: 0 });
        const rest = {
          object: 'list' as const,
          model,
          usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
        };
        if (body.encoding_format === 'base64') {
          return json<Base64Answer>({
            ...rest,
            data: vectors.map((vector, index) => ({
              object: 'embedding',
              index,
              embedding: Buffer.from(vector.buffer).toString('base64'),
            })),
          });
        }
        return json<CreateEmbeddingResponse>({
          ...rest,
          data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: [...vector] })),
        });
      },
    },
  ];
}

/** What the SDKs ask for unless told otherwise, and decode themselves. */
type Base64Answer = Omit<CreateEmbeddingResponse, 'data'> & {
  data: (Omit<Embedding, 'embedding'> & { embedding: string })[];
};

const DIMENSIONS: Record<string, number> = { 'text-embedding-3-large': 3072 };

function toInputs(input: EmbeddingCreateParams['input']): (string | number[])[] {
  if (input === undefined) throw missing('input');
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input) || input.length === 0) throw invalid('input', "'$.input' is invalid.");
  // One list of token numbers is one input.
  return typeof input[0] === 'number' ? [input as number[]] : (input as string[] | number[][]);
}

/** The same unit vector for the same text. */
function vectorOf(text: string, dimensions: number): Float32Array {
  const bytes = createHash('shake256', { outputLength: dimensions * 2 })
    .update(text)
    .digest();
  const vector = Float32Array.from({ length: dimensions }, (_, index) => bytes.readInt16LE(index * 2));
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

import { isBilled } from './is-billed.ts';
import type { UsageShape } from './operation-row.ts';
import type { Operation } from './operations.ts';

/**
 * What an operation that asks a model is called in OpenTelemetry's conventions for generative AI; undefined of those
 * that ask none, and of a batch, which only begins work.
 */
export function genAiOperation(operation: Operation): string | undefined {
  return isBilled(operation) && operation.usage !== null ? names[operation.usage] : undefined;
}

const names: Readonly<Record<UsageShape, string | undefined>> = {
  response: 'chat',
  chatCompletion: 'chat',
  completion: 'text_completion',
  embedding: 'embeddings',
  decision: 'chat',
  run: 'invoke_agent',
  image: 'generate_content',
  transcription: 'generate_content',
  speech: 'generate_content',
  batch: undefined,
};

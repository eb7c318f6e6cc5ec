/**
 * What OpenTelemetry's conventions call an operation (`gen_ai.operation.name`); undefined if no model answers it, or it
 * only reads what one has answered: https://opentelemetry.io/docs/specs/semconv/gen-ai/
 */
export function genAiOperationOf({ name }: { readonly name: string }): string | undefined {
  return names.get(name);
}

const names: ReadonlyMap<string, string> = new Map([
  ['chat.completions.create', 'chat'],
  ['responses.create', 'chat'],
  ['completions.create', 'text_completion'],
  ['embeddings.create', 'embeddings'],
  ['images.generate', 'generate_content'],
  ['images.edit', 'generate_content'],
  ['images.createVariation', 'generate_content'],
  ['audio.speech.create', 'generate_content'],
  ['audio.transcriptions.create', 'generate_content'],
  ['audio.translations.create', 'generate_content'],
]);

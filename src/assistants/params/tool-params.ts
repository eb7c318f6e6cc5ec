import Type from 'typebox';

import { anyMapping, clearable, metadata, object, optional, text } from './fields.ts';

const functionName = Type.String({ maxLength: 64, pattern: '^[a-zA-Z0-9_-]+$' });

const functionTool = object({
  type: Type.Literal('function'),
  function: object({
    name: functionName,
    description: optional(text()),
    parameters: optional(anyMapping),
    strict: clearable(Type.Boolean()),
  }),
});

const fileSearchTool = object({
  type: Type.Literal('file_search'),
  file_search: optional(
    object({
      max_num_results: optional(Type.Integer({ minimum: 1, maximum: 50 })),
      ranking_options: optional(
        object({
          score_threshold: Type.Number({ minimum: 0, maximum: 1 }),
          ranker: optional(Type.Enum(['auto', 'default_2024_08_21'])),
        }),
      ),
    }),
  ),
});

const codeInterpreterTool = object({ type: Type.Literal('code_interpreter') });

/** @param maxItems 128 of an assistant, 20 of a run. */
export function tools(maxItems: number) {
  return Type.Array(Type.Union([codeInterpreterTool, fileSearchTool, functionTool]), { maxItems });
}

/** Of an attachment: the tools without their settings. */
export const toolKinds = Type.Array(
  Type.Union([codeInterpreterTool, object({ type: Type.Literal('file_search') })]),
);

export const toolChoice = Type.Union([
  Type.Enum(['none', 'auto', 'required']),
  object({
    type: Type.Enum(['function', 'code_interpreter', 'file_search']),
    function: optional(object({ name: functionName })),
  }),
]);

export const responseFormat = Type.Union([
  Type.Literal('auto'),
  object({ type: Type.Literal('text') }),
  object({ type: Type.Literal('json_object') }),
  object({
    type: Type.Literal('json_schema'),
    json_schema: object({
      name: functionName,
      description: optional(text()),
      schema: optional(anyMapping),
      strict: clearable(Type.Boolean()),
    }),
  }),
]);

const codeFiles = object({ file_ids: optional(Type.Array(text(), { maxItems: 20 })) });

const vectorStoreIds = Type.Array(text(), { maxItems: 1 });

const chunkingStrategy = Type.Union([
  object({ type: Type.Literal('auto') }),
  object({
    type: Type.Literal('static'),
    static: object({
      max_chunk_size_tokens: Type.Integer({ minimum: 100, maximum: 4096 }),
      chunk_overlap_tokens: Type.Integer({ minimum: 0, maximum: 2048 }),
    }),
  }),
]);

/** A vector store that is created along with what it is for. */
const newVectorStore = object({
  file_ids: optional(Type.Array(text(), { maxItems: 10_000 })),
  chunking_strategy: optional(chunkingStrategy),
  metadata: optional(metadata),
});

/** Where files and vector stores exist already. */
export const toolResources = object({
  code_interpreter: optional(codeFiles),
  file_search: optional(object({ vector_store_ids: optional(vectorStoreIds) })),
});

/** As objects have them: a thread's grow with the files of its messages. */
export const anyToolResources = object({
  code_interpreter: optional(object({ file_ids: optional(Type.Array(text())) })),
  file_search: optional(object({ vector_store_ids: optional(Type.Array(text())) })),
});

/** Where vector stores may be described that are still to be created. */
export const newToolResources = object({
  code_interpreter: optional(codeFiles),
  file_search: optional(
    object({
      vector_store_ids: optional(vectorStoreIds),
      vector_stores: optional(Type.Array(newVectorStore, { maxItems: 1 })),
    }),
  ),
});

export type ToolResourcesParams = Type.Static<typeof newToolResources>;

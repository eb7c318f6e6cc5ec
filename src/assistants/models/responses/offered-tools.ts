import type { FileSearchTool, FunctionTool } from '../../wire.ts';
import type { ModelRequest } from '../model-call.ts';

/** A tool of a request. */
export type OfferedTool = { readonly type: string } & Record<string, unknown>;

/** The tools that a run's model call offers. A search in no vector stores is left out. */
export function offeredTools({
  tools,
  vectorStoreIds,
  fileIds,
  containerId,
}: Pick<ModelRequest, 'tools' | 'vectorStoreIds' | 'fileIds' | 'containerId'>): OfferedTool[] {
  return tools.flatMap((tool): OfferedTool[] => {
    switch (tool.type) {
      case 'function':
        return [functionTool(tool)];
      case 'file_search':
        return vectorStoreIds.length === 0 ? [] : [searchTool(tool, vectorStoreIds)];
      case 'code_interpreter': {
        const files = fileIds.length === 0 ? {} : { file_ids: fileIds };
        return [{ type: 'code_interpreter', container: containerId ?? { type: 'auto', ...files } }];
      }
    }
  });
}

/** Functions are strict unless told otherwise here, and were not in the Assistants API. */
function functionTool({ function: { name, description, parameters, strict } }: FunctionTool): OfferedTool {
  return {
    type: 'function',
    name,
    ...(description !== undefined && { description }),
    parameters: parameters ?? null,
    strict: strict ?? false,
  };
}

function searchTool(
  { file_search: settings }: FileSearchTool,
  vectorStoreIds: readonly string[],
): OfferedTool {
  const { max_num_results, ranking_options: ranking } = settings ?? {};
  return {
    type: 'file_search',
    vector_store_ids: vectorStoreIds,
    ...(max_num_results !== undefined && { max_num_results }),
    ...(ranking && {
      ranking_options: {
        score_threshold: ranking.score_threshold,
        // The Assistants API's own ranker has no name here; its successor is the default.
        ...(ranking.ranker !== undefined &&
          ranking.ranker !== 'default_2024_08_21' && { ranker: ranking.ranker }),
      },
    }),
  };
}

import Type from 'typebox';

import { object } from '../params/fields.ts';
import { readParams } from '../params/read-params.ts';
import type { RunStep } from '../wire.ts';

const searchContent = 'step_details.tool_calls[*].file_search.results[*].content';

const includeParams = object({ include: Type.Array(Type.Enum([searchContent])) });

/** Whether the query asks for the text that file_search found: `include[]`, or without the brackets. */
export function includesSearchContent(query: URLSearchParams): boolean {
  const { include } = readParams(includeParams, {
    include: [...query.getAll('include[]'), ...query.getAll('include')],
  });
  return include.length > 0;
}

/** A step as it is told to whoever didn't ask for that text. */
export function withoutSearchContent(step: RunStep): RunStep {
  const { step_details: details } = step;
  if (details.type !== 'tool_calls') return step;
  const tool_calls = details.tool_calls.map((call) => {
    if (call.type !== 'file_search' || !call.file_search.results) return call;
    const results = call.file_search.results.map(({ file_id, file_name, score }) => ({
      file_id,
      file_name,
      score,
    }));
    return { ...call, file_search: { ...call.file_search, results } };
  });
  return { ...step, step_details: { ...details, tool_calls } };
}

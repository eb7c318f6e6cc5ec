import { ApiError } from '../api-error.ts';

/** Of the Assistants API, whose 404s name no parameter. */
export function noneFound(kind: string, id: string): ApiError {
  return new ApiError(404, `No ${kind} found with id '${id}'.`);
}

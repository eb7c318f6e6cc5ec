import { ApiError } from './api-error.ts';
import type { Route } from './router.ts';

/** The Assistants API since 2026-08-26: all of it answers 404. */
export function retiredRoutes(paths: readonly Pick<Route, 'method' | 'path'>[]): Route[] {
  return paths.map((path) => ({
    ...path,
    handle() {
      throw new ApiError(
        404,
        'The Assistants API has been shut down. Please migrate to the Responses API: ' +
          'https://platform.openai.com/docs/assistants/migration',
      );
    },
  }));
}

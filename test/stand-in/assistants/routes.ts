import { ApiError } from '../api-error.ts';
import type { Route } from '../router.ts';
import type { VectorStoreState } from '../vector-store-state.ts';
import { createAssistants } from './assistants.ts';
import { messageRoutes } from './messages.ts';
import { runRoutes } from './runs.ts';
import type { LegOptions } from './start-leg.ts';
import { createThreadState } from './thread-state.ts';
import { threadRoutes } from './threads.ts';

export interface AssistantsOptions extends LegOptions {
  assistants: 'retired' | 'live';
  vectorStores: VectorStoreState;
  runExpiresAfterSeconds: number;
}

/** The 23 operations of the Assistants API, or their 404s since OpenAI retired it. */
export function assistantsRoutes(options: AssistantsOptions): Route[] {
  const { vectorStores } = options;
  const threads = createThreadState(options.nowMs);
  const assistants = createAssistants(vectorStores);
  const live = [
    ...assistants.routes,
    ...threadRoutes(threads, vectorStores),
    ...messageRoutes(threads, vectorStores),
    ...runRoutes({ ...options, threads, assistants, vectorStores }),
  ];
  return options.assistants === 'live' ? live.map(withBetaHeader) : live.map(retired);
}

function withBetaHeader(route: Route): Route {
  return {
    ...route,
    handle(call) {
      if (call.headers['openai-beta'] === 'assistants=v2') return route.handle(call);
      throw new ApiError(
        400,
        "You must provide the 'OpenAI-Beta' header to access the Assistants API. Please try again by setting " +
          "the header 'OpenAI-Beta: assistants=v2'.",
        { code: 'invalid_beta' },
      );
    },
  };
}

/** Since 2026-08-26. */
function retired({ method, path }: Route): Route {
  return {
    method,
    path,
    handle() {
      throw new ApiError(404, 'The Assistants API has been shut down. Please use the Responses API instead.');
    },
  };
}

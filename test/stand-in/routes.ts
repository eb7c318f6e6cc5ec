import { chatRoutes } from './chat-completions.ts';
import { createConversations } from './conversations.ts';
import { embeddingRoutes } from './embeddings.ts';
import { createFiles } from './files.ts';
import { createModel } from './model.ts';
import { modelRoutes } from './models.ts';
import { createResponseStore } from './response-record.ts';
import { responseRoutes } from './responses.ts';
import type { Route } from './router.ts';
import { createStoredCompletions } from './stored-completions.ts';
import { createPromptCache, createTokens } from './tokens.ts';

export interface RoutesOptions {
  nowMs: () => number;
  deterministic: boolean;
  chunkDelayMs: number;
  queuedMs: number;
  workMs: number;
  assistants: 'retired' | 'live';
  runExpiresAfterSeconds: number;
}

/** Every operation of the stand-in, around one fresh state. */
export function createRoutes(options: RoutesOptions): Route[] {
  const tokens = createTokens();
  const model = createModel(tokens, createPromptCache(options.deterministic));
  const files = createFiles();
  const conversations = createConversations();
  const stored = createStoredCompletions();
  const responses = createResponseStore();
  return [
    ...modelRoutes(),
    ...embeddingRoutes(tokens),
    ...chatRoutes({ ...options, model, tokens, stored }),
    ...stored.routes,
    ...responseRoutes({ ...options, model, tokens, responses, conversations, search: () => [] }),
    ...conversations.routes,
    ...files.routes,
  ];
}

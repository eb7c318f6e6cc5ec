import { assistantsRoutes } from './assistants/routes.ts';
import { audioRoutes } from './audio.ts';
import { batchRoutes } from './batches.ts';
import type { SeenRequest } from './call.ts';
import { chatRoutes } from './chat-completions.ts';
import { completionRoutes } from './completions.ts';
import { createContainers } from './containers.ts';
import { createConversations } from './conversations.ts';
import { embeddingRoutes } from './embeddings.ts';
import { createFiles } from './files.ts';
import { imageRoutes } from './images.ts';
import { createModel } from './model.ts';
import { modelRoutes } from './models.ts';
import { moderationRoutes } from './moderations.ts';
import { organizationUsageRoutes } from './organization-usage.ts';
import { createResponseStore } from './response-record.ts';
import { responseRoutes } from './responses.ts';
import type { Route } from './router.ts';
import { lineRunner } from './run-batch-line.ts';
import { createStoredCompletions } from './stored-completions.ts';
import { createPromptCache, createTokens } from './tokens.ts';
import { uploadRoutes } from './uploads.ts';
import { vectorStoreBatchRoutes } from './vector-store-batches.ts';
import { vectorStoreFileRoutes } from './vector-store-files.ts';
import { createVectorStoreState } from './vector-store-state.ts';
import { vectorStoreRoutes } from './vector-stores.ts';

export interface RoutesOptions {
  nowMs: () => number;
  deterministic: boolean;
  chunkDelayMs: number;
  queuedMs: number;
  workMs: number;
  assistants: 'retired' | 'live';
  listsResponses: boolean;
  runExpiresAfterSeconds: number;
  /** What arrived, with what it cost. */
  billed: () => readonly SeenRequest[];
}

/** Every operation of the stand-in, around one fresh state. */
export function createRoutes(options: RoutesOptions): Route[] {
  const tokens = createTokens();
  const model = createModel(tokens, createPromptCache(options.deterministic));
  const files = createFiles();
  const conversations = createConversations();
  const stored = createStoredCompletions();
  const responses = createResponseStore();
  const containers = createContainers();
  const vectorStores = createVectorStoreState(files, options.nowMs, options.workMs);
  const { search } = vectorStores;
  const models = [
    ...embeddingRoutes(tokens),
    ...chatRoutes({ ...options, model, tokens, stored }),
    ...completionRoutes({ ...options, model, tokens }),
    ...responseRoutes({ ...options, model, tokens, responses, conversations, containers, search }),
    ...moderationRoutes(),
  ];
  return [
    ...models,
    ...modelRoutes(),
    ...stored.routes,
    ...conversations.routes,
    ...files.routes,
    ...uploadRoutes(files),
    ...vectorStoreRoutes(vectorStores),
    ...vectorStoreFileRoutes(vectorStores, files),
    ...vectorStoreBatchRoutes(vectorStores),
    ...batchRoutes({ ...options, files, run: lineRunner(models) }),
    ...imageRoutes(tokens),
    ...audioRoutes(),
    ...containers.routes,
    ...organizationUsageRoutes(options.billed),
    ...assistantsRoutes({ ...options, model, tokens, search, vectorStores, files }),
  ];
}

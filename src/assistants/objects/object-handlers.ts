import type { ApiHandler } from '../api-call.ts';
import { createAssistantHandlers } from './assistants.ts';
import { createMessageHandlers } from './messages.ts';
import type { ObjectParts } from './object-parts.ts';
import { createStepHandlers } from './steps.ts';
import { createThreadHandlers } from './threads.ts';

/** What answers the operations that read and write objects, by the names of the operations. */
export function createObjectHandlers(parts: ObjectParts): Record<string, ApiHandler> {
  return {
    ...createAssistantHandlers(parts),
    ...createThreadHandlers(parts),
    ...createMessageHandlers(parts),
    ...createStepHandlers(parts),
  };
}

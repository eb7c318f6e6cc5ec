import type { Scenario } from './scenario.ts';
import { assistantsScenarios } from './scenarios/assistants.ts';
import { batchScenarios } from './scenarios/batches.ts';
import { chatScenarios } from './scenarios/chat.ts';
import { conversationScenarios } from './scenarios/conversations.ts';
import { errorScenarios } from './scenarios/errors.ts';
import { fileScenarios } from './scenarios/files.ts';
import { modelScenarios } from './scenarios/models.ts';
import { responseToolScenarios } from './scenarios/response-tools.ts';
import { responseScenarios } from './scenarios/responses.ts';
import { vectorStoreScenarios } from './scenarios/vector-stores.ts';

/** What applications do with the live API, and what those written for the retired one still try. */
export const scenarios: readonly Scenario[] = [
  ...responseScenarios,
  ...responseToolScenarios,
  ...chatScenarios,
  ...modelScenarios,
  ...fileScenarios,
  ...vectorStoreScenarios,
  ...conversationScenarios,
  ...batchScenarios,
  ...errorScenarios,
  ...assistantsScenarios,
];

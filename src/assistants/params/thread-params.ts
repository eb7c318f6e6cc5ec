import Type from 'typebox';

import { clearable, metadata, object, optional } from './fields.ts';
import { messageParams } from './message-params.ts';
import { newToolResources, toolResources } from './tool-params.ts';

export const threadParams = object({
  messages: optional(Type.Array(messageParams)),
  metadata: optional(metadata),
  tool_resources: optional(newToolResources),
});

export type ThreadParams = Type.Static<typeof threadParams>;

export const threadUpdateParams = object({
  metadata: clearable(metadata),
  tool_resources: optional(toolResources),
});

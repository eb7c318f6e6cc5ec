import type Type from 'typebox';

import { clearable, metadata, object, optional, temperature, text, topP } from './fields.ts';
import { newToolResources, responseFormat, toolResources, tools } from './tool-params.ts';

/** These lengths are those of OpenAI's API description, as are all limits of the schemas beside. */
const described = {
  name: clearable(text(256)),
  description: clearable(text(512)),
  instructions: clearable(text(256_000)),
  reasoning_effort: clearable(text(64)),
  tools: optional(tools(128)),
  metadata: clearable(metadata),
  temperature: clearable(temperature),
  top_p: clearable(topP),
  response_format: clearable(responseFormat),
};

export const assistantParams = object({
  model: text(),
  ...described,
  tool_resources: optional(newToolResources),
});

export type AssistantParams = Type.Static<typeof assistantParams>;

export const assistantUpdateParams = object({
  model: optional(text()),
  ...described,
  tool_resources: optional(toolResources),
});

export type AssistantUpdateParams = Type.Static<typeof assistantUpdateParams>;

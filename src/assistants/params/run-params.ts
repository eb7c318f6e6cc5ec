import Type from 'typebox';

import { clearable, metadata, object, optional, temperature, text, topP } from './fields.ts';
import { messageParams } from './message-params.ts';
import { threadParams } from './thread-params.ts';
import { responseFormat, toolChoice, toolResources, tools } from './tool-params.ts';

const cap = optional(Type.Integer({ minimum: 256, maximum: Number.MAX_SAFE_INTEGER }));

const common = {
  assistant_id: text(),
  model: optional(text()),
  instructions: optional(text(256_000)),
  tools: optional(tools(20)),
  metadata: optional(metadata),
  temperature: optional(temperature),
  top_p: optional(topP),
  stream: optional(Type.Boolean()),
  max_prompt_tokens: cap,
  max_completion_tokens: cap,
  truncation_strategy: optional(
    object({
      type: Type.Enum(['auto', 'last_messages']),
      last_messages: optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
    }),
  ),
  tool_choice: optional(toolChoice),
  parallel_tool_calls: optional(Type.Boolean()),
  response_format: optional(responseFormat),
};

export const runParams = object({
  ...common,
  reasoning_effort: optional(text(64)),
  additional_instructions: optional(text(256_000)),
  additional_messages: optional(Type.Array(messageParams)),
});

export type RunParams = Type.Static<typeof runParams>;

export const threadAndRunParams = object({
  ...common,
  thread: optional(threadParams),
  tool_resources: optional(toolResources),
});

export type ThreadAndRunParams = Type.Static<typeof threadAndRunParams>;

export const runUpdateParams = object({ metadata: clearable(metadata) });

/** Whether these are the outputs that the run waits for is for the run to say. */
export const toolOutputsParams = object({
  tool_outputs: Type.Array(object({ tool_call_id: text(), output: optional(text()) })),
  stream: optional(Type.Boolean()),
});

export type ToolOutputsParams = Type.Static<typeof toolOutputsParams>;

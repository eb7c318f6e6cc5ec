import { type Rule, anything, integer, list, mapping, number, object, oneOf, text } from './check-value.ts';

/** What the bodies of the API may say, as far as a wrong one is refused by name. */

const metadata: Rule = mapping(16, 64, 512);

const tool: Rule = object({
  type: { ...oneOf('code_interpreter', 'file_search', 'function'), required: true },
  function: object({
    name: { ...text(64), required: true },
    description: text(1024),
    parameters: anything,
    strict: anything,
  }),
  file_search: object({ max_num_results: integer(1, 50), ranking_options: anything }),
});

const model = {
  instructions: text(256_000),
  temperature: number(0, 2),
  top_p: number(0, 1),
  reasoning_effort: oneOf('none', 'minimal', 'low', 'medium', 'high', 'xhigh'),
  response_format: anything,
  metadata,
};

const assistant = {
  name: text(256),
  description: text(512),
  tools: list(tool, 128),
  tool_resources: anything,
  ...model,
};

const message = {
  role: { ...oneOf('user', 'assistant'), required: true },
  content: { ...anything, required: true },
  attachments: anything,
  metadata,
};

const thread = { messages: list(object(message)), tool_resources: anything, metadata };

const run = {
  assistant_id: { ...text(), required: true },
  model: text(),
  ...model,
  tools: list(tool, 20),
  max_prompt_tokens: integer(256),
  max_completion_tokens: integer(256),
  truncation_strategy: anything,
  tool_choice: anything,
  parallel_tool_calls: anything,
  stream: anything,
};

export const bodies = {
  createAssistant: object({ model: { ...text(), required: true }, ...assistant }),
  updateAssistant: object({ model: text(), ...assistant }),
  createThread: object(thread),
  updateThread: object({ tool_resources: anything, metadata }),
  createMessage: object(message),
  updateMessage: object({ metadata }),
  createRun: object({ ...run, additional_instructions: text(), additional_messages: list(object(message)) }),
  createThreadAndRun: object({ ...run, thread: object(thread), tool_resources: anything }),
  updateRun: object({ metadata }),
  submitOutputs: object({
    tool_outputs: {
      ...list(object({ tool_call_id: { ...text(), required: true }, output: text() })),
      required: true,
    },
    stream: anything,
  }),
};

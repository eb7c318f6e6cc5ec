import type OpenAI from 'openai';
import type { Assistant, AssistantCreateParams, FunctionTool } from 'openai/resources/beta/assistants';
import type { Run, RunCreateParamsNonStreaming } from 'openai/resources/beta/threads/runs/runs';

/** What the scenarios have in common. */

/** What a run may be told, streamed or not. */
export type RunParams = Omit<RunCreateParamsNonStreaming, 'assistant_id' | 'stream'>;

export const fast = { pollIntervalMs: 10 };

export const weatherTool: FunctionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Tells the weather.',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};

export const timeTool: FunctionTool = {
  type: 'function',
  function: { name: 'get_time', parameters: { type: 'object', properties: { zone: { type: 'string' } } } },
};

export function createAssistant(
  client: OpenAI,
  params: Partial<AssistantCreateParams> = {},
): Promise<Assistant> {
  return client.beta.assistants.create({ model: 'gpt-4o', instructions: 'Be brief.', ...params });
}

export function threadSaying(client: OpenAI, ...texts: string[]) {
  return client.beta.threads.create({ messages: texts.map((content) => ({ role: 'user', content })) });
}

/** What a run has left behind. */
export async function leftBy(client: OpenAI, { id, thread_id }: { id: string; thread_id: string }) {
  const inThread = { thread_id };
  return {
    run: await client.beta.threads.runs.retrieve(id, inThread),
    messages: (await client.beta.threads.messages.list(thread_id, { order: 'asc' })).data,
    steps: (await client.beta.threads.runs.steps.list(id, { ...inThread, order: 'asc' })).data,
  };
}

export function callsOf({ required_action }: Pick<Run, 'required_action'>) {
  return required_action?.submit_tool_outputs.tool_calls ?? [];
}

/** An output for each call that a run waits for. */
export function outputsFor(run: Pick<Run, 'required_action'>) {
  return callsOf(run).map(({ id }, index) => ({ tool_call_id: id, output: `${index + 20} degrees` }));
}

/** What an application can read off the error that a call fails with. */
export async function failureOf(call: PromiseLike<unknown>): Promise<Record<string, unknown>> {
  try {
    await call;
  } catch (error) {
    const { status, message, code, type, param } = error as Record<string, unknown>;
    return { name: (error as object).constructor.name, status, message, code, type, param };
  }
  throw new Error('the call succeeded, but was to fail');
}

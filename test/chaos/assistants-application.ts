import { setTimeout as sleep } from 'node:timers/promises';

import OpenAI from 'openai';
import type { Assistant, FunctionTool } from 'openai/resources/beta/assistants';
import type { Message } from 'openai/resources/beta/threads/messages';
import type { Run } from 'openai/resources/beta/threads/runs/runs';
import type { Thread } from 'openai/resources/beta/threads/threads';

/** What applications were told, and so must find for ever. */
export interface Acknowledged {
  readonly assistants: Assistant[];
  readonly threads: Thread[];
  readonly messages: Message[];
  /** As they were told first. */
  readonly runs: Run[];
  /** Runs that were said to be `cancelling`. */
  readonly cancelledIds: Set<string>;
  /** What a run has to answer if it completes, by its id. */
  readonly answers: Map<string, string>;
}

export interface ApplicationParts {
  readonly acknowledged: Acknowledged;
  readonly random: () => number;
  /** A client of any pod that may be up. */
  readonly client: () => OpenAI;
  /** No more is begun. */
  readonly over: AbortSignal;
}

/** An application that talks in one thread after another, through whichever pod, until it is over. */
export async function talk(parts: ApplicationParts): Promise<void> {
  const { acknowledged, random, client, over } = parts;
  const assistant = await insist(() =>
    client().beta.assistants.create({ model: 'gpt-4o', name: `a${random()}`, tools: [weather] }),
  );
  if (!assistant) return;
  acknowledged.assistants.push(assistant);
  while (!over.aborted) {
    const thread = await insist(() => client().beta.threads.create({ metadata: { number: `${random()}` } }));
    if (!thread) return;
    acknowledged.threads.push(thread);
    const turns = 1 + Math.floor(random() * 4);
    for (let turn = 0; turn < turns && !over.aborted; turn += 1) {
      if (!(await takeTurn(thread.id, assistant.id))) break;
    }
  }

  /** False if the thread is of no more use. */
  async function takeTurn(threadId: string, assistant_id: string): Promise<boolean> {
    const number = Math.floor(random() * 1e9);
    const answer = `Answer ${number}${' and so on'.repeat(Math.floor(random() * 15))}`;
    const asksForTool = random() < 0.35;
    const content = asksForTool ? `${number} [[tool:get_weather {"city":"Rome"}]]` : `[[say:${answer}]]`;
    const message = await insist(() =>
      client().beta.threads.messages.create(threadId, { role: 'user', content }),
    );
    if (!message) return false;
    acknowledged.messages.push(message);
    const run = await (random() < 0.5 ? begin(threadId, assistant_id) : stream(threadId, assistant_id));
    if (!run) return false;
    acknowledged.runs.push(run);
    if (!asksForTool) acknowledged.answers.set(run.id, answer);
    if (random() < 0.15) await cancel(run);
    return settle(run);
  }

  async function begin(threadId: string, assistant_id: string): Promise<Run | undefined> {
    return client()
      .beta.threads.runs.create(threadId, { assistant_id, max_completion_tokens: maxTokens })
      .catch(() => undefined);
  }

  /** Follows the stream as far as it comes, or leaves it. */
  async function stream(threadId: string, assistant_id: string): Promise<Run | undefined> {
    const leaves = random() < 0.2 ? Math.floor(random() * 8) : Infinity;
    let run: Run | undefined;
    let seen = 0;
    try {
      const params = { assistant_id, max_completion_tokens: maxTokens, stream: true } as const;
      for await (const { event, data } of await client().beta.threads.runs.create(threadId, params)) {
        if (event === 'thread.run.created') run = data;
        seen += 1;
        if (seen > leaves) break;
      }
    } catch {
      // Whatever became of it is asked for later.
    }
    return run;
  }

  async function cancel({ id, thread_id }: Run): Promise<void> {
    await sleep(random() * 400);
    const cancelled = await client()
      .beta.threads.runs.cancel(id, { thread_id })
      .catch(() => undefined);
    if (cancelled) acknowledged.cancelledIds.add(id);
  }

  /** Polls until the run has ended, and gives it what it asks for. False if it waits for ever. */
  async function settle({ id, thread_id }: Run): Promise<boolean> {
    const inThread = { thread_id };
    const answersTools = random() < 0.85;
    while (!over.aborted) {
      const run = await client()
        .beta.threads.runs.retrieve(id, inThread)
        .catch(() => undefined);
      if (run?.status === 'requires_action') {
        if (!answersTools) return false;
        const calls = run.required_action!.submit_tool_outputs.tool_calls;
        const tool_outputs = calls.map((call) => ({ tool_call_id: call.id, output: 'Sunny.' }));
        // If the answer is lost the next look tells what became of it.
        await client()
          .beta.threads.runs.submitToolOutputs(id, { ...inThread, tool_outputs })
          .catch(() => undefined);
      } else if (run && !isActive(run)) {
        return true;
      }
      await sleep(50 + random() * 100);
    }
    return false;
  }

  /** Until a pod acknowledges it; undefined once it is over. */
  async function insist<Result>(call: () => PromiseLike<Result>): Promise<Result | undefined> {
    while (!over.aborted) {
      try {
        return await call();
      } catch (error) {
        // The thread is locked by a run that was begun, although nobody said so.
        const isLocked = error instanceof OpenAI.APIError && error.status === 400;
        if (isLocked && random() < 0.1) return undefined;
        await sleep(50);
      }
    }
    return undefined;
  }
}

export function isActive({ status }: Pick<Run, 'status'>): boolean {
  return ['queued', 'in_progress', 'cancelling', 'requires_action'].includes(status);
}

const maxTokens = 256;
const weather: FunctionTool = {
  type: 'function',
  function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};

import { isDeepStrictEqual } from 'node:util';

import type OpenAI from 'openai';
import type { Message } from 'openai/resources/beta/threads/messages';
import type { Run } from 'openai/resources/beta/threads/runs/runs';
import type { RunStep } from 'openai/resources/beta/threads/runs/steps';

import type { SeenRequest } from '../stand-in/stand-in.ts';
import { type Acknowledged, isActive } from './assistants-application.ts';

export interface AuditParts {
  readonly client: OpenAI;
  readonly acknowledged: Acknowledged;
  /** All that are in the threads. */
  readonly runs: readonly Run[];
  /** What the upstream saw. */
  readonly requests: readonly SeenRequest[];
}

export interface Audit {
  readonly runs: Record<string, number>;
  readonly failures: Record<string, number>;
  readonly modelCalls: number;
  readonly billedTokens: number;
  readonly problems: string[];
}

/** Holds what is there when all is calm against what applications were told, and what the upstream saw. */
export async function auditAssistants({ client, acknowledged, runs, requests }: AuditParts): Promise<Audit> {
  const { threads, assistants, messages, cancelledIds, answers } = acknowledged;
  const problems: string[] = [];
  const complain = (problem: string) => void problems.push(problem);
  const calls = requests.filter(({ method, path }) => method === 'POST' && path === '/v1/responses');
  const callsByRun = Map.groupBy(calls, ({ json }) => runIdIn(json));

  for (const assistant of assistants) {
    expectSame(assistant, await client.beta.assistants.retrieve(assistant.id).catch(() => undefined));
  }
  for (const thread of threads) {
    expectSame(thread, await client.beta.threads.retrieve(thread.id).catch(() => undefined));
  }
  for (const message of messages) {
    const { id, thread_id } = message;
    const found = client.beta.threads.messages.retrieve(id, { thread_id });
    expectSame(message, await found.catch(() => undefined));
  }
  const byId = new Map(runs.map((run) => [run.id, run]));
  for (const { id, created_at, assistant_id, thread_id } of acknowledged.runs) {
    const found = byId.get(id);
    const same = found?.created_at === created_at && found.assistant_id === assistant_id;
    if (!same || found.thread_id !== thread_id)
      complain(`${id} was acknowledged, and is not there as it was`);
  }
  for (const run of runs) await auditRun(run);
  for (const { id } of threads) {
    const added = client.beta.threads.messages.create(id, { role: 'user', content: 'Free?' });
    await added.catch((error: Error) => complain(`${id} is not free: ${error.message}`));
  }
  return {
    runs: countBy(runs, ({ status }) => status),
    failures: countBy(
      runs.filter(({ status }) => status === 'failed'),
      ({ last_error }) => `${last_error?.code}: ${last_error?.message}`,
    ),
    modelCalls: calls.length,
    billedTokens: calls.reduce(
      (sum, { usage }) => sum + (usage ? usage.inputTokens + usage.outputTokens : 0),
      0,
    ),
    problems,
  };

  function expectSame(told: { id: string }, found: { id: string } | undefined): void {
    if (!isDeepStrictEqual({ ...found }, { ...told }))
      complain(`${told.id} is not there as it was acknowledged`);
  }

  async function auditRun(run: Run): Promise<void> {
    const { id, thread_id, status, last_error } = run;
    if (isActive(run)) return complain(`${id} is stuck: ${status}`);
    const steps = (await client.beta.threads.runs.steps.list(id, { thread_id, limit: 100 })).data;
    const said = (await client.beta.threads.messages.list(thread_id, { run_id: id, limit: 100 })).data;
    const legs = 1 + steps.filter(tookOutputs).length;
    const made = callsByRun.get(id)?.length ?? 0;
    if (made > legs) complain(`${id} (${status}) made ${made} model calls in ${legs} legs`);
    for (const open of [...steps, ...said].filter((one) => one.status === 'in_progress')) {
      complain(`${open.id} is in progress, although ${id} is ${status}`);
    }
    if (cancelledIds.has(id) && status !== 'cancelled')
      complain(`${id} was to be cancelled, but is ${status}`);
    if (status === 'failed' && !last_error?.message) complain(`${id} failed, and does not say why`);
    if (status !== 'completed') return;
    if (made !== legs) complain(`${id} completed with ${made} model calls in ${legs} legs`);
    const answer = answers.get(id);
    if (answer !== undefined && textOf(said) !== answer) complain(`${id} answered something else`);
    if (said.length !== 1) complain(`${id} completed with ${said.length} messages`);
  }
}

function tookOutputs({ step_details, status }: RunStep): boolean {
  return step_details.type === 'tool_calls' && status === 'completed';
}

function textOf(messages: readonly Message[]): string {
  return messages
    .flatMap(({ content }) => content.map((part) => (part.type === 'text' ? part.text.value : '')))
    .join();
}

function runIdIn(json: unknown): string | undefined {
  return (json as { metadata?: { run_id?: string } } | undefined)?.metadata?.run_id;
}

function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return counts;
}

import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';

import type { LastError, Message, Run, RunStep } from '../../../src/assistants/wire.ts';
import { freeRow } from '../../harness/budget-rows.ts';
import { assistantsHeaders, postJson } from '../../harness/governed.ts';
import { type Sidecar, startSidecar, upstreamKey } from '../../harness/sidecar.ts';
import { type Upstream, readText, startUpstream } from '../../harness/upstream.ts';

/** What an upstream does with the calls of a run to its model, one after another; the last one is repeated. */
export type Answering = (response: ServerResponse, request: IncomingMessage) => unknown;

export interface Troubled {
  readonly run: Run;
  readonly steps: readonly RunStep[];
  readonly messages: readonly Message[];
  readonly events: readonly { readonly event: string; readonly data: unknown }[];
  /** Model calls that arrived. */
  readonly calls: readonly Record<string, unknown>[];
  /** What the ledger charged. */
  readonly usedTokens: number;
  readonly sidecar: Sidecar;
}

export interface TroubleOptions {
  readonly backend?: 'responses' | 'chatCompletions';
  /** Outputs are given as often as they are asked for, up to so many times; none unless told. */
  readonly submits?: number;
  readonly env?: Record<string, string>;
}

const config = `
budgets: [{ name: day, limit: { tokens: 10000000 }, window: { every: day } }]
upstream: { headersTimeoutMs: 1500, bodyIdleTimeoutMs: 1500 }
assistants: { expireAfterSeconds: 5 }
`;

/** A text that must not be logged. */
const secret = 'a-secret-in-the-prompt';

/**
 * A streamed run before an upstream that misbehaves. Asserts what holds whatever that does: the run ends or waits, its
 * stream does too, and all that it leaves has ended; the thread is free, nothing is held, and nothing was logged that
 * mustn't be.
 */
export async function troubledRun(
  t: TestContext,
  answering: readonly Answering[],
  options: TroubleOptions = {},
): Promise<Troubled> {
  const { backend = 'responses', submits = 0, env = {} } = options;
  const calls: Record<string, unknown>[] = [];
  const upstream = await startUpstream(t, async (request, response) => {
    if (request.method !== 'POST') return response.writeHead(404).end('{}');
    calls.push(JSON.parse(await readText(request)) as Record<string, unknown>);
    return answering[Math.min(calls.length, answering.length) - 1]!(response, request);
  });
  const sidecar = await startTroubled(t, upstream, { ASSISTANT_PROXY_ASSISTANTS_BACKEND: backend, ...env });
  const assistant = await post<{ id: string }>(sidecar, '/assistants', {
    model: 'gpt-4o',
    tools: [{ type: 'function', function: { name: 'weather', parameters: {} } }],
  });
  const thread = await post<{ id: string }>(sidecar, '/threads', {
    messages: [{ role: 'user', content: `Hello, ${secret}` }],
  });
  const at = `/threads/${thread.id}`;

  let events = await stream(sidecar, `${at}/runs`, { assistant_id: assistant.id });
  let run = lastRun(events);
  for (let round = 0; round < submits && run.status === 'requires_action'; round += 1) {
    const asked = run.required_action!.submit_tool_outputs.tool_calls;
    const tool_outputs = asked.map(({ id }) => ({ tool_call_id: id, output: '{"celsius":21}' }));
    const more = await stream(sidecar, `${at}/runs/${run.id}/submit_tool_outputs`, { tool_outputs });
    events = [...events, ...more];
    run = lastRun(events);
  }

  const isWaiting = run.status === 'requires_action';
  const read = await get<Run>(sidecar, `${at}/runs/${run.id}`);
  assert.deepEqual(read, run, 'the stream ends with the run as it is');
  assert.ok(isWaiting || run.expires_at === null, `the run is ${run.status}`);
  const steps = await listOf<RunStep>(sidecar, `${at}/runs/${run.id}/steps`);
  const messages = await listOf<Message>(sidecar, `${at}/messages`, `&run_id=${run.id}`);
  assert.equal(steps.filter(({ status }) => status === 'in_progress').length, isWaiting ? 1 : 0);
  assert.ok(messages.every(({ status }) => status !== 'in_progress'));
  const told = new Set(events.map(({ event }) => event));
  assert.ok(!told.has('error') && told.has(`thread.run.${run.status}`));
  const added = await postJson(`${sidecar.url}${at}/messages`, { role: 'user', content: 'More' });
  assert.equal(added.status, isWaiting ? 400 : 200);
  const { used, held } = await freeRow(sidecar, { name: 'day' });
  assert.equal(held, 0);
  const lines = sidecar.logLines();
  assert.ok(!JSON.stringify(lines).includes(secret) && !JSON.stringify(lines).includes(upstreamKey));
  assert.deepEqual(
    lines.filter(({ msg, errorCode }) => msg === 'assistants' || errorCode === 'internal_error'),
    [],
  );
  return { run, steps, messages, events, calls, usedTokens: used, sidecar };
}

function startTroubled(t: TestContext, { url }: Upstream, env: Record<string, string>): Promise<Sidecar> {
  return startSidecar(t, { upstreamUrl: url, config, env });
}

/** Asserts that a run has failed with this error. */
export function assertFailed({ run }: Troubled, error: Partial<LastError>): void {
  assert.equal(run.status, 'failed');
  assert.deepEqual({ ...run.last_error, ...error }, run.last_error);
}

export async function post<Value>(sidecar: Sidecar, path: string, body: object): Promise<Value> {
  const answer = await postJson(`${sidecar.url}${path}`, body);
  const value = (await answer.json()) as Value;
  assert.equal(answer.status, 200, JSON.stringify(value));
  return value;
}

export async function get<Value>(sidecar: Sidecar, path: string): Promise<Value> {
  const answer = await fetch(`${sidecar.url}${path}`, { headers: assistantsHeaders });
  const value = (await answer.json()) as Value;
  assert.equal(answer.status, 200, JSON.stringify(value));
  return value;
}

/** Oldest first. */
async function listOf<Item>(sidecar: Sidecar, path: string, query = ''): Promise<Item[]> {
  return (await get<{ data: Item[] }>(sidecar, `${path}?limit=100&order=asc${query}`)).data;
}

async function stream(
  sidecar: Sidecar,
  path: string,
  body: object,
): Promise<{ event: string; data: unknown }[]> {
  const answer = await postJson(`${sidecar.url}${path}`, { ...body, stream: true });
  assert.equal(answer.status, 200);
  const blocks = (await answer.text()).split('\n\n').filter(Boolean);
  assert.equal(blocks.pop(), 'event: done\ndata: [DONE]');
  return blocks.map((block) => {
    const [, event = '', data = ''] = /^event: (.*)\ndata: (.*)$/s.exec(block) ?? [];
    return { event, data: JSON.parse(data) as unknown };
  });
}

function lastRun(events: readonly { event: string; data: unknown }[]): Run {
  return events.findLast(({ event }) => /^thread\.run\.\w+$/.test(event))!.data as Run;
}

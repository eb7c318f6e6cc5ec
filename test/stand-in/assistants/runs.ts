import type { Assistant } from 'openai/resources/beta/assistants';
import type {
  Run,
  RunCreateParams,
  RunSubmitToolOutputsParams,
  RunUpdateParams,
} from 'openai/resources/beta/threads/runs/runs';
import type { RunStep } from 'openai/resources/beta/threads/runs/steps';
import type { ThreadCreateAndRunParams } from 'openai/resources/beta/threads/threads';

import { ApiError, missing, noSuch } from '../api-error.ts';
import type { Call } from '../call.ts';
import { paginate, type Page } from '../list.ts';
import { pause } from '../pause.ts';
import { eventStream, json, sse, type Reply } from '../reply.ts';
import type { Route } from '../router.ts';
import type { VectorStoreState } from '../vector-store-state.ts';
import type { AssistantStore } from './assistants.ts';
import { endEarly } from './end-early.ts';
import { addUsage, usageOf } from './leg.ts';
import { toMessage } from './messages.ts';
import { secondsAt, startLeg, type LegOptions } from './start-leg.ts';
import { activeRun, isActive, type RunEntry, type ThreadEntry, type ThreadState } from './thread-state.ts';
import { openThread } from './threads.ts';
import { toToolResources } from './tool-resources.ts';

export interface RunsOptions extends LegOptions {
  threads: ThreadState;
  assistants: AssistantStore;
  vectorStores: VectorStoreState;
  runExpiresAfterSeconds: number;
}

export function runRoutes(options: RunsOptions): Route[] {
  const { threads, nowMs } = options;
  const find = ({ params }: Call) => threads.findRun(params['thread_id'], params['run_id']);
  return [
    {
      method: 'POST',
      path: '/threads/{thread_id}/runs',
      handle(call) {
        const body = call.json<RunCreateParams>();
        const entry = threads.find(call.params['thread_id']);
        const run = createRun(options, entry, body, call);
        return body.stream ? eventStream(follow(options, entry, run, 0, call.signal)) : json<Run>(run.run);
      },
    },
    { method: 'POST', path: '/threads/runs', handle: (call) => createThreadAndRun(options, call) },
    {
      method: 'GET',
      path: '/threads/{thread_id}/runs',
      handle({ params, query }) {
        const runs = [...threads.find(params['thread_id']).runs.values()].map(({ run }) => run);
        return json<Page<Run>>(paginate(runs, query));
      },
    },
    {
      method: 'GET',
      path: '/threads/{thread_id}/runs/{run_id}',
      handle(call) {
        const { run } = find(call).run;
        const reply = json<Run>(run);
        return isActive(run) ? { ...reply, headers: { ...reply.headers, ...POLL_SOON } } : reply;
      },
    },
    {
      method: 'POST',
      path: '/threads/{thread_id}/runs/{run_id}',
      handle(call) {
        const { run } = find(call);
        const { metadata } = call.json<Omit<RunUpdateParams, 'thread_id'>>();
        run.run = { ...run.run, metadata: metadata ?? {} };
        return json<Run>(run.run);
      },
    },
    {
      method: 'POST',
      path: '/threads/{thread_id}/runs/{run_id}/cancel',
      handle(call) {
        const { entry, run } = find(call);
        if (!isActive(run.run) || run.run.status === 'cancelling') {
          throw new ApiError(400, `Cannot cancel run with status '${run.run.status}'.`);
        }
        const now = nowMs();
        run.plan.length = run.happened;
        const ended = endEarly(run, 'cancelled', now);
        run.plan.push({
          event: { event: 'thread.run.cancelling', data: { ...run.run, status: 'cancelling' } },
          dueMs: now,
        });
        run.plan.push(...ended.map(({ event }) => ({ event, dueMs: now + options.queuedMs })));
        threads.advance(entry);
        return json<Run>(run.run);
      },
    },
    {
      method: 'POST',
      path: '/threads/{thread_id}/runs/{run_id}/submit_tool_outputs',
      handle(call) {
        const { entry, run } = find(call);
        const body = call.json<Omit<RunSubmitToolOutputsParams, 'thread_id'>>();
        const from = submitOutputs(options, entry, run, body, call);
        return body.stream ? eventStream(follow(options, entry, run, from, call.signal)) : json<Run>(run.run);
      },
    },
    {
      method: 'GET',
      path: '/threads/{thread_id}/runs/{run_id}/steps',
      handle: (call) => json<Page<RunStep>>(paginate([...find(call).run.steps.values()], call.query)),
    },
    {
      method: 'GET',
      path: '/threads/{thread_id}/runs/{run_id}/steps/{step_id}',
      handle(call) {
        const step = find(call).run.steps.get(call.params['step_id'] ?? '');
        if (!step) throw noSuch('run step', call.params['step_id'] ?? '');
        return json<RunStep>(step);
      },
    },
  ];
}

/** Overrides the 5 s of the SDK's polling helpers. */
const POLL_SOON = { 'openai-poll-after-ms': '20' };

function createThreadAndRun(options: RunsOptions, call: Call): Reply {
  const body = call.json<ThreadCreateAndRunParams>();
  const entry = openThread(options.threads, options.vectorStores, body.thread ?? {}, call.mint);
  if (body.tool_resources) {
    entry.thread.tool_resources = toToolResources(body.tool_resources, options.vectorStores, call.mint);
  }
  const run = createRun(options, entry, body, call);
  if (!body.stream) return json<Run>(run.run);
  run.plan.unshift({ event: { event: 'thread.created', data: entry.thread }, dueMs: 0 });
  run.happened++;
  return eventStream(follow(options, entry, run, 0, call.signal));
}

function createRun(
  options: RunsOptions,
  entry: ThreadEntry,
  body: RunCreateParams | ThreadCreateAndRunParams,
  call: Call,
): RunEntry {
  if (!body.assistant_id) throw missing('assistant_id');
  const active = activeRun(entry);
  if (active) {
    throw new ApiError(400, `Thread ${entry.thread.id} already has an active run ${active.id}.`);
  }
  checkCaps(body);
  const assistant = options.assistants.find(body.assistant_id);
  for (const described of 'additional_messages' in body ? (body.additional_messages ?? []) : []) {
    const message = toMessage(described, entry.thread.id, call.mint);
    entry.messages.set(message.id, message);
  }
  const createdAtMs = options.nowMs();
  const opened = openRun(options, entry, assistant, body, call);
  const run: RunEntry = {
    run: opened,
    steps: new Map(),
    plan: [
      { event: { event: 'thread.run.created', data: opened }, dueMs: 0 },
      { event: { event: 'thread.run.queued', data: opened }, dueMs: 0 },
    ],
    happened: 0,
    createdAtMs,
    usedBefore: usageOf(0, 0),
    legUsage: usageOf(0, 0),
    legStartsAtMs: createdAtMs,
    legEndsAtMs: createdAtMs,
    expiresAtMs: createdAtMs + options.runExpiresAfterSeconds * 1000,
    effort: 'reasoning_effort' in body ? body.reasoning_effort : undefined,
    vectorStoreIds: [
      ...(assistant.tool_resources?.file_search?.vector_store_ids ?? []),
      ...(entry.thread.tool_resources?.file_search?.vector_store_ids ?? []),
    ],
    exchanged: [],
  };
  entry.runs.set(opened.id, run);
  startLeg(options, entry, run, call.mint);
  options.threads.advance(entry);
  return run;
}

function openRun(
  options: RunsOptions,
  entry: ThreadEntry,
  assistant: Assistant,
  body: RunCreateParams | ThreadCreateAndRunParams,
  { mint }: Call,
): Run {
  const additional = 'additional_instructions' in body ? body.additional_instructions : undefined;
  const instructions = body.instructions ?? assistant.instructions ?? '';
  return {
    id: mint.id('run_', 24),
    object: 'thread.run',
    created_at: mint.seconds(),
    assistant_id: assistant.id,
    thread_id: entry.thread.id,
    status: 'queued',
    started_at: null,
    expires_at: mint.seconds() + options.runExpiresAfterSeconds,
    cancelled_at: null,
    failed_at: null,
    completed_at: null,
    required_action: null,
    last_error: null,
    model: body.model ?? assistant.model,
    instructions: additional ? `${instructions}\n${additional}`.trim() : instructions,
    tools: body.tools ?? assistant.tools,
    metadata: body.metadata ?? {},
    temperature: body.temperature ?? assistant.temperature ?? 1,
    top_p: body.top_p ?? assistant.top_p ?? 1,
    max_completion_tokens: body.max_completion_tokens ?? null,
    max_prompt_tokens: body.max_prompt_tokens ?? null,
    truncation_strategy: body.truncation_strategy ?? { type: 'auto', last_messages: null },
    incomplete_details: null,
    usage: null,
    response_format: body.response_format ?? assistant.response_format ?? 'auto',
    tool_choice: body.tool_choice ?? 'auto',
    parallel_tool_calls: body.parallel_tool_calls ?? true,
  };
}

function checkCaps(body: RunCreateParams | ThreadCreateAndRunParams): void {
  for (const name of ['max_prompt_tokens', 'max_completion_tokens'] as const) {
    const value = body[name];
    if (typeof value !== 'number' || value >= 256) continue;
    throw new ApiError(
      400,
      `Invalid '${name}': integer below minimum value. Expected a value >= 256, but got ${value} instead.`,
      { param: name, code: 'integer_below_min_value' },
    );
  }
}

/** Takes the outputs and starts the next leg. Returns where its events begin in the plan. */
function submitOutputs(
  options: RunsOptions,
  entry: ThreadEntry,
  run: RunEntry,
  body: Omit<RunSubmitToolOutputsParams, 'thread_id'>,
  { mint }: Call,
): number {
  const asked = run.run.required_action?.submit_tool_outputs.tool_calls;
  if (!asked) {
    throw new ApiError(400, `Runs in status "${run.run.status}" do not accept tool outputs.`);
  }
  const outputs = new Map(
    (body.tool_outputs ?? []).map(({ tool_call_id, output }) => [tool_call_id, output]),
  );
  const expected = asked.map(({ id }) => id);
  if (expected.length !== outputs.size || expected.some((id) => !outputs.has(id))) {
    const got = JSON.stringify([...outputs.keys()]);
    throw new ApiError(400, `Expected tool outputs for call_ids ${JSON.stringify(expected)}, got ${got}.`);
  }
  for (const { id, function: called } of asked) {
    run.exchanged.push({ role: 'assistant', text: `${called.name}(${called.arguments})` });
    run.exchanged.push({ role: 'tool', text: outputs.get(id) ?? '' });
  }
  const now = options.nowMs();
  run.plan.length = run.happened;
  const from = run.plan.length;
  const step = [...run.steps.values()].at(-1);
  if (step) {
    const tool_calls = asked.map(({ id, function: called }) => ({
      id,
      type: 'function' as const,
      function: { ...called, output: outputs.get(id) ?? null },
    }));
    const completed: RunStep = {
      ...step,
      status: 'completed',
      completed_at: secondsAt(run, now),
      step_details: { type: 'tool_calls', tool_calls },
      usage: run.legUsage,
    };
    run.plan.push({ event: { event: 'thread.run.step.completed', data: completed }, dueMs: 0 });
  }
  run.usedBefore = addUsage(run.usedBefore, run.legUsage);
  run.run = { ...run.run, status: 'queued', required_action: null };
  run.plan.push({ event: { event: 'thread.run.queued', data: run.run }, dueMs: 0 });
  startLeg(options, entry, run, mint);
  options.threads.advance(entry);
  return from;
}

/** Tells the plan's events as they happen, until the run stops. Whoever leaves early does not stop the run. */
async function* follow(
  options: RunsOptions,
  entry: ThreadEntry,
  run: RunEntry,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  for (let index = from; index < run.plan.length; index++) {
    // Read anew each time: a cancellation replaces what was planned.
    for (let next = run.plan[index]; next && next.dueMs > options.nowMs(); next = run.plan[index]) {
      await pause(Math.min(next.dueMs - options.nowMs(), 50), signal);
      if (signal.aborted) return;
    }
    options.threads.advance(entry);
    const event = run.plan[index]?.event;
    if (!event) return;
    yield sse<typeof event.data>(event.data, event.event);
    if (event.event === 'thread.run.requires_action') break;
  }
  yield 'event: done\ndata: [DONE]\n\n';
}

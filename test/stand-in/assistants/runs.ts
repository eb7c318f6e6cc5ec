import type {
  Run,
  RunCreateParams,
  RunSubmitToolOutputsParams,
  RunUpdateParams,
} from 'openai/resources/beta/threads/runs/runs';
import type { RunStep } from 'openai/resources/beta/threads/runs/steps';
import type { ThreadCreateAndRunParams } from 'openai/resources/beta/threads/threads';

import { ApiError } from '../api-error.ts';
import type { Call } from '../call.ts';
import type { Page } from '../list.ts';
import { pause } from '../pause.ts';
import { eventStream, json, sse, type Reply } from '../reply.ts';
import type { Route } from '../router.ts';
import { bodies } from './api-rules.ts';
import { checkValue } from './check-value.ts';
import { type RunsOptions, asksForContent, createRun } from './create-run.ts';
import { endEarly } from './end-early.ts';
import { noneFound } from './find-errors.ts';
import { listObjects } from './list-objects.ts';
import { submitOutputs } from './submit-outputs.ts';
import { isActive, type RunEntry, type ThreadEntry } from './thread-state.ts';
import { openThread } from './threads.ts';
import { sevenDays, toToolResources } from './tool-resources.ts';

export function runRoutes(options: RunsOptions): Route[] {
  const { threads, nowMs } = options;
  const find = ({ params }: Call) => threads.findRun(params['thread_id'], params['run_id']);
  return [
    {
      method: 'POST',
      path: '/threads/{thread_id}/runs',
      handle(call) {
        const body = call.json<RunCreateParams>();
        checkValue(bodies.createRun, body);
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
        const runs = () => [...threads.find(params['thread_id']).runs.values()].map(({ run }) => run);
        return json<Page<Run>>(listObjects('run', query, runs));
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
        const body = call.json<Omit<RunUpdateParams, 'thread_id'>>();
        checkValue(bodies.updateRun, body);
        const { run } = find(call);
        if (body.metadata !== undefined) run.run = { ...run.run, metadata: body.metadata ?? {} };
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
        const body = call.json<Omit<RunSubmitToolOutputsParams, 'thread_id'>>();
        checkValue(bodies.submitOutputs, body);
        const { entry, run } = find(call);
        const from = submitOutputs(options, entry, run, body, call);
        return body.stream ? eventStream(follow(options, entry, run, from, call.signal)) : json<Run>(run.run);
      },
    },
    {
      method: 'GET',
      path: '/threads/{thread_id}/runs/{run_id}/steps',
      handle(call) {
        const steps = () =>
          [...find(call).run.steps.values()].map((step) => shownStep(step, asksForContent(call.query)));
        return json<Page<RunStep>>(listObjects('run step', call.query, steps));
      },
    },
    {
      method: 'GET',
      path: '/threads/{thread_id}/runs/{run_id}/steps/{step_id}',
      handle(call) {
        const step = find(call).run.steps.get(call.params['step_id'] ?? '');
        if (!step) throw noneFound('run step', call.params['step_id'] ?? '');
        return json<RunStep>(shownStep(step, asksForContent(call.query)));
      },
    },
  ];
}

/** Overrides the 5 s of the SDK's polling helpers. */
const POLL_SOON = { 'openai-poll-after-ms': '20' };

function createThreadAndRun(options: RunsOptions, call: Call): Reply {
  const body = call.json<ThreadCreateAndRunParams>();
  checkValue(bodies.createThreadAndRun, body);
  options.assistants.find(body.assistant_id);
  const entry = openThread(options.threads, options.vectorStores, body.thread ?? {}, call.mint);
  const given = toToolResources(body.tool_resources, options.vectorStores, call.mint, sevenDays);
  entry.thread.tool_resources = { ...entry.thread.tool_resources, ...given };
  const run = createRun(options, entry, body, call);
  if (!body.stream) return json<Run>(run.run);
  run.plan.unshift({ event: { event: 'thread.created', data: entry.thread }, dueMs: 0 });
  run.happened++;
  return eventStream(follow(options, entry, run, 0, call.signal));
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
    const isStep = 'object' in event.data && event.data.object === 'thread.run.step';
    const data = isStep ? shownStep(event.data as RunStep, run.includesContent) : event.data;
    yield sse<typeof data>(data, event.event);
    if (event.event === 'thread.run.requires_action') break;
  }
  yield 'event: done\ndata: [DONE]\n\n';
}

/** What file_search found is shown to those who asked for it. */
function shownStep(step: RunStep, includesContent: boolean): RunStep {
  if (includesContent || step.step_details.type !== 'tool_calls') return step;
  const tool_calls = step.step_details.tool_calls.map((call) => {
    if (call.type !== 'file_search' || !call.file_search.results) return call;
    const results = call.file_search.results.map(({ file_id, file_name, score }) => ({
      file_id,
      file_name,
      score,
    }));
    return { ...call, file_search: { ...call.file_search, results } };
  });
  return { ...step, step_details: { type: 'tool_calls', tool_calls } };
}

import type {
  Run,
  RunCreateParams,
  RunSubmitToolOutputsParams,
  RunUpdateParams,
} from 'openai/resources/beta/threads/runs/runs';
import type { RunStep } from 'openai/resources/beta/threads/runs/steps';
import type { ThreadCreateAndRunParams } from 'openai/resources/beta/threads/threads';

import { ApiError, noSuch } from '../api-error.ts';
import type { Call } from '../call.ts';
import { paginate, type Page } from '../list.ts';
import { pause } from '../pause.ts';
import { eventStream, json, sse, type Reply } from '../reply.ts';
import type { Route } from '../router.ts';
import { createRun, type RunsOptions } from './create-run.ts';
import { endEarly } from './end-early.ts';
import { submitOutputs } from './submit-outputs.ts';
import { isActive, type RunEntry, type ThreadEntry } from './thread-state.ts';
import { openThread } from './threads.ts';
import { toToolResources } from './tool-resources.ts';

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

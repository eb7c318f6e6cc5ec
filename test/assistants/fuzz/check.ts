import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Message, Run, RunStep, Usage } from '../../../src/assistants/wire.ts';
import { type RunModel, type ThreadModel, endingsOf, hasEnded, mayBecome } from './model.ts';
import type { World } from './world.ts';

/** Everything of a thread is as its model says. */
export async function checkThread(world: World, thread: ThreadModel): Promise<void> {
  const { id } = thread.object;
  const last = thread.runs.at(-1);
  if (last) await observe(world, thread, last);
  assert.deepEqual(await read(world, 'threads.retrieve', [id]), thread.object);
  const messages = await list<Message>(world, 'threads.messages.list', [id]);
  const ofActive = last && !hasEnded(last.seen) ? last.seen.id : undefined;
  assert.deepEqual(
    messages.filter(({ run_id: runId }) => runId === null || runId !== ofActive),
    thread.messages,
  );
  const runs = await list<Run>(world, 'threads.runs.list', [id]);
  assert.deepEqual(
    runs.map((run) => run.id),
    thread.runs.map(({ seen }) => seen.id),
  );
  for (const [index, run] of runs.entries()) {
    const { seen } = thread.runs[index]!;
    if (hasEnded(seen)) assert.deepEqual(run, seen, 'a run that has ended was changed');
    else assert.equal(index, runs.length - 1, 'a thread has two active runs');
  }
}

/** A run as it is now, which must be something that it may have become. Takes in what it has left in its thread. */
export async function observe(world: World, thread: ThreadModel, run: RunModel): Promise<Run> {
  if (hasEnded(run.seen)) return run.seen;
  const { status: before } = run.seen;
  const now = await read<Run>(world, 'threads.runs.retrieve', [thread.object.id, run.seen.id]);
  assert.ok(mayBecome(before, now.status, run.isResumed), `${before} became ${now.status}`);
  assert.deepEqual(now.metadata, run.seen.metadata);
  run.seen = now;
  assert.equal(now.usage === null, !hasEnded(now), 'usage is there if the run has ended');
  // What it waited for stays readable while it is being cancelled.
  if (now.status !== 'cancelling') {
    assert.equal(now.required_action === null, now.status !== 'requires_action');
  }
  if (hasEnded(now)) await absorb(world, thread, run);
  return now;
}

const settlesWithinMs = 15_000;

/** Waits until a run has ended, or waits for outputs, and holds that against its plan. */
export async function settle(world: World, thread: ThreadModel, run: RunModel): Promise<void> {
  const givesUpAtMs = performance.now() + settlesWithinMs;
  const isDone = ({ status }: Run) =>
    hasEnded({ status }) || (status === 'requires_action' && !run.isCancelled && !run.isDue);
  while (!isDone(await observe(world, thread, run))) {
    assert.ok(performance.now() < givesUpAtMs, `a run is stuck: ${JSON.stringify(run)}`);
    await sleep(2);
  }
  const { status, required_action: action } = run.seen;
  const { plan } = run;
  assert.ok(endingsOf(run).includes(status), `${JSON.stringify(plan)} became ${status}`);
  if (plan.kind === 'calls' && action) {
    const names = action.submit_tool_outputs.tool_calls.map((call) => call.function.name);
    assert.deepEqual(names, plan.names);
  }
}

/** A run has ended: what it has left is whole, and belongs to the thread from now on. */
async function absorb(world: World, thread: ThreadModel, run: RunModel): Promise<void> {
  const { id, status, usage, last_error: error, incomplete_details: incomplete } = run.seen;
  const messages = await list<Message>(world, 'threads.messages.list', [thread.object.id], { run_id: id });
  const steps = await list<RunStep>(world, 'threads.runs.steps.list', [thread.object.id, id]);
  thread.messages.push(...messages);
  for (const message of messages) assert.notEqual(message.status, 'in_progress');
  for (const step of steps) {
    assert.notEqual(step.status, 'in_progress', `a step of a run that is ${status} is in progress`);
    assert.notEqual(step.usage, null);
  }
  assert.equal(error !== null, status === 'failed');
  assert.equal(incomplete !== null, status === 'incomplete');
  const billed = world.billed(id);
  // Of a call that is left before it told its id nobody can ask what it has used.
  const isExact = status !== 'cancelled' && status !== 'expired';
  const sums = isExact ? [sum(billed)] : [sum(billed), sum(billed.slice(0, -1))];
  assert.ok(
    sums.some(({ total_tokens: total }) => total === usage!.total_tokens),
    `a run that is ${status} tells ${JSON.stringify(usage)} of ${JSON.stringify(billed)}`,
  );
  if (!isExact) return;
  assert.deepEqual(usage, sum(billed));
  const told = sum(steps.map((step) => step.usage!));
  // A call that failed has no step; those before it may have (what they answered to can be deleted meanwhile).
  if (status === 'failed') assert.ok(told.total_tokens <= usage!.total_tokens);
  else assert.deepEqual(told, usage);
  if (run.plan.kind === 'says' && status === 'completed') {
    const texts = messages.flatMap(({ content }) =>
      content.map((part) => part.type === 'text' && part.text.value),
    );
    assert.deepEqual(texts, [run.plan.text]);
  }
}

/** The stream of a run that has ended or waits: whole, and in an order in which it can have happened. */
export async function checkStream({ stream, seen, isResumed }: RunModel): Promise<void> {
  if (!stream || (!hasEnded(seen) && seen.status !== 'requires_action')) return;
  const { events, isCut } = await stream;
  assert.equal(isCut, false);
  assert.deepEqual(events.at(-1), { event: 'done', data: '[DONE]' });
  const told = events.filter(({ event }) => /^thread\.run\.\w+$/.test(event)).map(({ data }) => data as Run);
  for (const [index, run] of told.entries()) {
    const before = told[index - 1];
    assert.ok(!before || mayBecome(before.status, run.status, true), `${before?.status} ${run.status}`);
  }
  const last = told.at(-1);
  if (last?.status === 'requires_action') return;
  const { metadata: _, ...ended } = seen;
  const { metadata: __, ...toldLast } = last!;
  if (isResumed || hasEnded(last!)) assert.deepEqual(toldLast, ended);
}

async function read<Item>(world: World, operation: string, ids: readonly string[]): Promise<Item> {
  const { status, value } = await world.call(operation, { ids });
  assert.equal(status, 200, JSON.stringify(value));
  return value as Item;
}

/** All of a list, oldest first, and each item as it is read by itself. */
async function list<Item extends { id: string }>(
  world: World,
  operation: string,
  ids: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Item[]> {
  const items: Item[] = [];
  for (let after: object = {}; ;) {
    const query = { order: 'asc', limit: '100', ...more, ...after };
    const { status, value } = await world.call(operation, { ids, query });
    assert.equal(status, 200, JSON.stringify(value));
    items.push(...(value['data'] as Item[]));
    if (value['has_more'] !== true) break;
    after = { after: value['last_id'] };
  }
  const newest = items.at(-1);
  if (newest) {
    const one = await read<Item>(world, operation.replace(/list$/, 'retrieve'), [...ids, newest.id]);
    // A run may have gone on meanwhile.
    assert.equal(one.id, newest.id);
  }
  return items;
}

function sum(usages: readonly Usage[]): Usage {
  const total = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  for (const usage of usages) {
    total.prompt_tokens += usage.prompt_tokens;
    total.completion_tokens += usage.completion_tokens;
    total.total_tokens += usage.total_tokens;
  }
  return total;
}

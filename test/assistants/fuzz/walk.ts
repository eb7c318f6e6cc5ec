import assert from 'node:assert/strict';

import type { Assistant, Message, Run, Thread } from '../../../src/assistants/wire.ts';
import { checkStream, checkThread, observe, settle } from './check.ts';
import { type AssistantModel, type RunModel, type ThreadModel, hasEnded, planOf } from './model.ts';
import type { Seeded } from './seeded.ts';
import { type Told, type World, expireAfterSeconds } from './world.ts';

/** A random walk through the operations of the API; after each step the world is compared with the model of it. */
export interface Walk {
  step(): Promise<void>;
  /** Lets all runs come to their end, or wait for outputs, and compares everything. */
  rest(): Promise<void>;
  /** How often each operation was called. */
  readonly counts: ReadonlyMap<string, number>;
}

const functionTool = (name: string) => ({ type: 'function' as const, function: { name, parameters: {} } });

export function createWalk(world: World, random: Seeded): Walk {
  const assistants: AssistantModel[] = [];
  const threads: ThreadModel[] = [];
  /** Of what was deleted, or never was. */
  const goneIds = { assistant: 'asst_none', thread: 'thread_none', message: 'msg_none' };
  const counts = new Map<string, number>();
  let serial = 0;

  const steps: readonly (readonly [number, () => Promise<ThreadModel | undefined | void>])[] = [
    [3, createAssistant],
    [2, modifyAssistant],
    [1, deleteAssistant],
    [2, listAssistants],
    [4, createThread],
    [2, modifyThread],
    [2, deleteThread],
    [22, createMessage],
    [5, modifyMessage],
    [4, deleteMessage],
    [5, listPage],
    [20, createRun],
    [5, createThreadAndRun],
    [12, wait],
    [14, submit],
    [8, submitWrong],
    [7, cancel],
    [4, modifyRun],
    [4, race],
    [4, askForNothing],
    [0.2, expire],
  ];
  const weights = steps.reduce((sum, [weight]) => sum + weight, 0);

  return { step, rest, counts };

  async function step(): Promise<void> {
    let at = (random.below(1_000_000) / 1_000_000) * weights;
    const [, act] = steps.find(([weight]) => (at -= weight) < 0) ?? steps[0]!;
    const thread = await act();
    if (thread) await checkThread(world, thread);
  }

  async function rest(): Promise<void> {
    for (const thread of threads) {
      const run = thread.runs.at(-1);
      if (run) await settle(world, thread, run);
      await checkThread(world, thread);
      for (const one of thread.runs) await checkStream(one);
    }
    assert.deepEqual(world.errors, []);
  }

  async function call(operation: string, ids: readonly string[], body?: object, query = {}): Promise<Told> {
    counts.set(operation, (counts.get(operation) ?? 0) + 1);
    return world.call(operation, { ids, query, ...(body && { body }) });
  }

  // Objects

  async function createAssistant(): Promise<void> {
    if (assistants.length >= 4) return;
    const offered = random.pick([[], ['alpha'], ['alpha', 'beta']]);
    const body = { model: 'gpt-4o', name: nameOf('assistant'), tools: offered.map(functionTool) };
    const { value } = well(await call('assistants.create', [], body));
    assert.equal(value['name'], body.name);
    assistants.push({ object: value as unknown as Assistant });
  }

  async function modifyAssistant(): Promise<void> {
    const known = pickAssistant();
    const name = nameOf('renamed');
    const told = await call('assistants.update', [idOf(known, 'assistant')], { name });
    if (!known) return refused(told, 404, null);
    known.object = { ...known.object, name };
    assert.deepEqual(well(told).value, known.object);
  }

  async function deleteAssistant(): Promise<void> {
    const known = pickAssistant();
    const id = idOf(known, 'assistant');
    const told = await call('assistants.delete', [id]);
    if (!known) return refused(told, 404, null);
    assert.deepEqual(well(told).value, { id, object: 'assistant.deleted', deleted: true });
    assistants.splice(assistants.indexOf(known), 1);
    goneIds.assistant = id;
    refused(await call('assistants.retrieve', [id]), 404, null);
  }

  async function listAssistants(): Promise<void> {
    const { value } = well(await call('assistants.list', [], undefined, { order: 'asc', limit: '100' }));
    assert.deepEqual(
      value['data'],
      assistants.map(({ object }) => object),
    );
  }

  async function createThread(): Promise<ThreadModel | undefined> {
    if (threads.length >= 3) return undefined;
    const texts = Array.from({ length: random.below(4) }, textOf);
    const messages = texts.map((content) => ({ role: 'user', content }));
    const { value } = well(await call('threads.create', [], { messages, metadata: { n: nameOf('thread') } }));
    const thread: ThreadModel = { object: value as unknown as Thread, messages: [], runs: [] };
    thread.messages = await messagesOf(thread);
    assert.deepEqual(thread.messages.map(saidBy), texts);
    threads.push(thread);
    return thread;
  }

  async function modifyThread(): Promise<ThreadModel | undefined> {
    const known = pickThread();
    const metadata = { n: nameOf('thread') };
    const told = await call('threads.update', [idOf(known, 'thread')], { metadata });
    if (!known) return void refused(told, 404, null);
    known.object = { ...known.object, metadata };
    assert.deepEqual(well(told).value, known.object);
    return known;
  }

  async function deleteThread(): Promise<void> {
    const known = pickThread();
    const id = idOf(known, 'thread');
    const told = await call('threads.delete', [id]);
    if (!known) return refused(told, 404, null);
    assert.deepEqual(well(told).value, { id, object: 'thread.deleted', deleted: true });
    threads.splice(threads.indexOf(known), 1);
    goneIds.thread = id;
    refused(await call('threads.retrieve', [id]), 404, null);
    refused(await call('threads.messages.list', [id]), 404, null);
    refused(await call('threads.runs.list', [id]), 404, null);
    const last = known.runs.at(-1);
    if (!last) return;
    for (const name of ['threads.runs.retrieve', 'threads.runs.cancel']) {
      refused(await call(name, [id, last.seen.id]), 404, null);
    }
    // Whoever reads a run's stream sees its end, or that it was cut.
    await last.stream;
  }

  async function createMessage(): Promise<ThreadModel | undefined> {
    const known = pickThread();
    const content = textOf();
    const run = known?.runs.at(-1);
    const before = known && run && (await observe(world, known, run));
    const role = random.chance(0.15) ? 'assistant' : 'user';
    const told = await call('threads.messages.create', [idOf(known, 'thread')], { role, content });
    if (!known) return void refused(told, 404, null);
    if (before && !hasEnded(before) && told.status !== 200) {
      refused(told, 400, null);
      return known;
    }
    if (run)
      assert.ok(hasEnded(await observe(world, known, run)), 'a message was added beside an active run');
    const message = well(told).value as unknown as Message;
    assert.equal(saidBy(message), content);
    known.messages.push(message);
    return known;
  }

  async function modifyMessage(): Promise<ThreadModel | undefined> {
    const known = pickThread();
    const message = known && random.chance(0.9) ? random.pick([...known.messages, undefined]) : undefined;
    const metadata = { n: nameOf('message') };
    const ids = [idOf(known, 'thread'), message?.id ?? goneIds.message];
    const told = await call('threads.messages.update', ids, { metadata });
    if (!known || !message) return void refused(told, 404, null);
    const changed = { ...message, metadata };
    known.messages[known.messages.indexOf(message)] = changed;
    assert.deepEqual(well(told).value, changed);
    return known;
  }

  async function deleteMessage(): Promise<ThreadModel | undefined> {
    const known = pickThread();
    const message = known && random.pick([...known.messages, undefined]);
    const ids = [idOf(known, 'thread'), message?.id ?? goneIds.message];
    const run = known?.runs.at(-1);
    // It may have been read already, or not.
    if (message && run && !hasEnded(run.seen)) run.plan = { kind: 'unknown' };
    const told = await call('threads.messages.delete', ids);
    if (!known || !message) return void refused(told, 404, null);
    assert.equal(well(told).value['deleted'], true);
    known.messages.splice(known.messages.indexOf(message), 1);
    goneIds.message = message.id;
    refused(await call('threads.messages.retrieve', ids), 404, null);
    return known;
  }

  /** A page between two messages, in either order. */
  async function listPage(): Promise<void> {
    const known = pickThread();
    if (!known || (known.runs.at(-1) && !hasEnded(known.runs.at(-1)!.seen))) return;
    const order = random.pick(['asc', 'desc']);
    const all = order === 'asc' ? known.messages : known.messages.toReversed();
    const [from, to] = [random.below(all.length + 1) - 1, random.below(all.length + 1)];
    const limit = 1 + random.below(5);
    const query = {
      order,
      limit: String(limit),
      ...(from >= 0 && { after: all[from]!.id }),
      ...(to < all.length && { before: all[to]!.id }),
    };
    const { value } = well(await call('threads.messages.list', [known.object.id], undefined, query));
    const between = all.slice(from + 1, Math.max(from + 1, to));
    const page = to < all.length && from < 0 ? between.slice(-limit) : between.slice(0, limit);
    assert.deepEqual(value['data'], page);
    assert.equal(value['has_more'], page.length < between.length);
  }

  // Runs

  async function createRun(): Promise<ThreadModel | undefined> {
    const known = pickThread();
    const assistant = pickAssistant();
    const before = await lastOf(known);
    const said = random.chance(0.3) ? [textOf()] : [];
    const asked = runBody(assistant, { additional_messages: said.map(userMessage) });
    const told = await call('threads.runs.create', [idOf(known, 'thread')], asked);
    if (!known) return void refused(told, 404, null);
    if (before && !hasEnded(before) && told.status === 400) {
      refused(told, 400, null);
      return known;
    }
    if (!assistant) return void refused(told, 404, null);
    await begun(known, assistant, asked, well(told));
    return known;
  }

  async function createThreadAndRun(): Promise<ThreadModel | undefined> {
    if (threads.length >= 3) return undefined;
    const assistant = pickAssistant();
    const thread = { messages: [userMessage(textOf()), userMessage(textOf())] };
    const asked = runBody(assistant, { thread });
    const told = await call('threads.createAndRun', [], asked);
    if (!assistant) return void refused(told, 404, null);
    const id = String(well(told).value['thread_id']);
    const { value } = well(await call('threads.retrieve', [id]));
    const known: ThreadModel = { object: value as unknown as Thread, messages: [], runs: [] };
    threads.push(known);
    await begun(known, assistant, asked, told);
    return known;
  }

  function runBody(assistant: AssistantModel | undefined, more: object) {
    return {
      assistant_id: idOf(assistant, 'assistant'),
      stream: random.chance(0.4),
      ...(random.chance(0.3) && { max_completion_tokens: 256 }),
      metadata: { n: nameOf('run') },
      ...more,
    };
  }

  /** A run was taken on. */
  async function begun(
    known: ThreadModel,
    assistant: AssistantModel,
    asked: object,
    told: Told,
  ): Promise<void> {
    const run = told.value as unknown as Run;
    assert.equal(run.thread_id, known.object.id);
    assert.equal(run.status, 'queued');
    for (const message of await messagesOf(known)) {
      if (message.run_id !== run.id && known.messages.every(({ id }) => id !== message.id)) {
        known.messages.push(message);
      }
    }
    const said = known.messages.findLast(({ role }) => role === 'user');
    const offered = new Set(
      assistant.object.tools.flatMap((tool) => (tool.type === 'function' ? [tool.function.name] : [])),
    );
    const isCapped = 'max_completion_tokens' in asked;
    known.runs.push({
      seen: run,
      plan: planOf(said && saidBy(said), offered, isCapped),
      isResumed: false,
      isDue: false,
      isCancelled: false,
      ...(told.events && { stream: told.events }),
    });
  }

  async function wait(): Promise<ThreadModel | undefined> {
    const known = pickThread();
    const run = known?.runs.at(-1);
    if (!known || !run) return undefined;
    await settle(world, known, run);
    await checkStream(run);
    return known;
  }

  async function submit(): Promise<ThreadModel | undefined> {
    const [known, run] = pickAwaiting();
    if (!known || !run) return undefined;
    const body = { tool_outputs: outputsFor(run.seen), stream: random.chance(0.4) };
    const told = await call('threads.runs.submitToolOutputs', [known.object.id, run.seen.id], body);
    if (run.isDue && told.status === 400) {
      refused(told, 400, null);
      return known;
    }
    resumed(run, well(told));
    if (random.chance(0.2)) {
      // Again, when it waits for none any more.
      const again = await call('threads.runs.submitToolOutputs', [known.object.id, run.seen.id], body);
      refused(again, 400, null);
    }
    return known;
  }

  function resumed(run: RunModel, told: Told): void {
    assert.equal(told.value['status'], 'queued');
    run.isResumed = true;
    if (told.events) run.stream = told.events;
  }

  async function submitWrong(): Promise<ThreadModel | undefined> {
    const [known, run] = random.chance(0.7) ? pickAwaiting() : pickAnyRun();
    if (!known || !run) return undefined;
    const right = outputsFor(run.seen);
    const other = { tool_call_id: 'call_none', output: 'x' };
    const tool_outputs = random.pick([
      right.slice(1),
      [...right, other],
      [...right.slice(1), other],
      [...right, ...right.slice(0, 1)],
      [],
    ]);
    const isRight = tool_outputs.length === right.length && right.length === 0;
    if (isRight && !hasEnded(run.seen)) return undefined;
    const ids = [known.object.id, run.seen.id];
    refused(await call('threads.runs.submitToolOutputs', ids, { tool_outputs }), 400, null);
    const elsewhere = threads.find((thread) => thread !== known)?.object.id ?? goneIds.thread;
    const late = { tool_outputs: right };
    refused(await call('threads.runs.submitToolOutputs', [elsewhere, run.seen.id], late), 404, null);
    return known;
  }

  async function cancel(): Promise<ThreadModel | undefined> {
    const [known, run] = pickAnyRun();
    if (!known || !run) return undefined;
    const told = await call('threads.runs.cancel', [known.object.id, run.seen.id]);
    const isLate = hasEnded(run.seen) || run.isCancelled;
    if (told.status === 200 && !isLate) {
      assert.equal(told.value['status'], 'cancelling');
      run.isCancelled = true;
    } else {
      refused(told, 400, null);
      assert.ok(isLate || hasEnded(await observe(world, known, run)), 'an active run was not cancelled');
    }
    return known;
  }

  async function modifyRun(): Promise<ThreadModel | undefined> {
    const [known, run] = pickAnyRun();
    if (!known || !run) return undefined;
    const metadata = { n: nameOf('run') };
    const ids = [known.object.id, run.seen.id];
    const { value } = well(await call('threads.runs.update', ids, { metadata }));
    assert.deepEqual(value['metadata'], metadata);
    run.seen = { ...run.seen, metadata };
    return known;
  }

  /** Two at once, of which one at most may win. */
  async function race(): Promise<ThreadModel | undefined> {
    const known = pickThread();
    if (!known) return undefined;
    const last = await lastOf(known);
    const run = known.runs.at(-1);
    const id = known.object.id;
    if (run && last?.status === 'requires_action' && !run.isDue) {
      const ids = [id, last.id];
      const submitting = () =>
        call('threads.runs.submitToolOutputs', ids, { tool_outputs: outputsFor(run.seen) });
      if (random.chance(0.5)) {
        const [first, second] = await Promise.all([submitting(), submitting()]);
        assert.deepEqual([first.status, second.status].toSorted(), [200, 400]);
        resumed(run, first.status === 200 ? first : second);
        return known;
      }
      const [submitted, cancelled] = await Promise.all([submitting(), call('threads.runs.cancel', ids)]);
      // A run that goes on can still be cancelled; one that is being cancelled takes no outputs.
      if (submitted.status === 200) resumed(run, submitted);
      if (cancelled.status === 200) run.isCancelled = true;
      assert.ok(submitted.status === 200 || cancelled.status === 200, 'both lost');
      return known;
    }
    const assistant = pickAssistant();
    if (!assistant || (last && !hasEnded(last))) return undefined;
    // Whoever wins has not ended before the other one has lost.
    const slowly = { additional_messages: [userMessage(`[[say:${nameOf('race')}]] [[thinkMs:100]]`)] };
    const bodies = [runBody(assistant, slowly), runBody(assistant, slowly)];
    const tries = await Promise.all(bodies.map((body) => call('threads.runs.create', [id], body)));
    const won = tries.findIndex(({ status }) => status === 200);
    assert.deepEqual(tries.map(({ status }) => status).toSorted(), [200, 400]);
    refused(tries[1 - won]!, 400, null);
    await begun(known, assistant, bodies[won]!, tries[won]!);
    return known;
  }

  /** Ids of other objects where something else is asked for. */
  async function askForNothing(): Promise<ThreadModel | undefined> {
    const [known, run] = pickAnyRun();
    if (!known || !run) return undefined;
    const thread = known.object.id;
    const message = known.messages[0]?.id ?? 'msg_none';
    const wrong = random.pick([thread, message, 'lock', 'run_none', '__proto__']);
    const body = { metadata: { wrong: 'yes' } };
    refused(await call('threads.runs.update', [thread, wrong], body), 404, null);
    refused(await call('threads.runs.update', [thread, wrong], {}), 404, null);
    refused(await call('threads.runs.retrieve', [thread, wrong]), 404, null);
    refused(await call('threads.runs.cancel', [thread, wrong]), 404, null);
    refused(await call('threads.runs.submitToolOutputs', [thread, wrong], { tool_outputs: [] }), 404, null);
    refused(await call('threads.runs.steps.list', [thread, wrong]), 404, null);
    const none = random.pick([thread, run.seen.id, 'lock', 'msg_none']);
    refused(await call('threads.messages.update', [thread, none], body), 404, null);
    refused(await call('threads.messages.update', [thread, none], {}), 404, null);
    refused(await call('threads.messages.delete', [thread, none]), 404, null);
    const nowhere = random.pick([run.seen.id, message, 'assistants', 'files', 'lock']);
    refused(await call('threads.update', [nowhere], body), 404, null);
    refused(await call('threads.delete', [nowhere]), 404, null);
    refused(await call('threads.messages.create', [nowhere], userMessage('x')), 404, null);
    refused(await call('threads.runs.create', [nowhere], runBody(pickAssistant(), {})), 404, null);
    refused(await call('assistants.update', [thread], { name: 'x' }), 404, null);
    return known;
  }

  /** All runs that wait are out of time. */
  async function expire(): Promise<void> {
    for (const thread of threads) {
      const run = thread.runs.at(-1);
      if (run) await settle(world, thread, run);
    }
    world.advance((expireAfterSeconds + 1) * 1000);
    for (const thread of threads) {
      const run = thread.runs.at(-1);
      if (run?.seen.status !== 'requires_action') continue;
      run.isDue = true;
      // Whoever is quicker with outputs is in time for this walk, and too late for the run.
      if (random.chance(0.3)) continue;
      await settle(world, thread, run);
      assert.equal(run.seen.status, 'expired');
    }
  }

  // What is there

  function pickAssistant(): AssistantModel | undefined {
    return random.chance(0.05) ? undefined : random.pick(assistants);
  }

  function pickThread(): ThreadModel | undefined {
    return random.chance(0.03) ? undefined : random.pick(threads);
  }

  function pickAnyRun(): [ThreadModel, RunModel] | [] {
    const thread = pickThread();
    const run = thread && (random.chance(0.7) ? thread.runs.at(-1) : random.pick(thread.runs));
    return thread && run ? [thread, run] : [];
  }

  function pickAwaiting(): [ThreadModel, RunModel] | [] {
    const waiting = threads.filter(
      ({ runs }) => runs.at(-1)?.seen.status === 'requires_action' && !runs.at(-1)!.isResumed,
    );
    const thread = random.pick(waiting);
    const run = thread?.runs.at(-1);
    return thread && run && !run.isCancelled ? [thread, run] : [];
  }

  async function lastOf(thread: ThreadModel | undefined): Promise<Run | undefined> {
    const run = thread?.runs.at(-1);
    return thread && run && observe(world, thread, run);
  }

  function idOf(known: { object: { id: string } } | undefined, kind: 'assistant' | 'thread'): string {
    return known?.object.id ?? goneIds[kind];
  }

  async function messagesOf(thread: ThreadModel): Promise<Message[]> {
    const query = { order: 'asc', limit: '100' };
    const { value } = well(await call('threads.messages.list', [thread.object.id], undefined, query));
    return value['data'] as Message[];
  }

  function nameOf(what: string): string {
    serial += 1;
    return `${what} ${serial}`;
  }

  function textOf(): string {
    const n = nameOf('say');
    return random.pick([
      `[[say:${n}]]`,
      `[[say:${n}]]`,
      `[[say:${n}]] [[thinkMs:${5 + random.below(40)}]]`,
      `[[words:30]] [[delayMs:2]] ${n}`,
      `[[words:600]] ${n}`,
      `[[fail:server_error]] ${n}`,
      `[[refuse]] ${n}`,
      `[[tool:alpha {"a":${serial}}]] ${n}`,
      `[[tool:alpha {"a":1}]] [[tool:beta {"b":2}]] ${n}`,
      `[[tool:alpha {"a":${serial}}]] ${n}`,
    ]);
  }
}

function userMessage(content: string) {
  return { role: 'user', content };
}

function saidBy({ content: [part] }: Message): string {
  return part?.type === 'text' ? part.text.value : '';
}

function outputsFor({ required_action: action }: Run) {
  const calls = action?.submit_tool_outputs.tool_calls ?? [];
  return calls.map(({ id }) => ({ tool_call_id: id, output: `output for ${id}` }));
}

function well(told: Told): Told {
  assert.equal(told.status, 200, JSON.stringify(told.value));
  return told;
}

function refused({ status, value }: Told, expected: number, code: string | null): void {
  assert.equal(status, expected, JSON.stringify(value));
  assert.equal(value['type'], 'invalid_request_error');
  assert.equal(value['code'], code);
  assert.ok(String(value['message']).length > 10);
}

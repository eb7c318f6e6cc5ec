import type { TestContext } from 'node:test';

import OpenAI from 'openai';

import { type Sidecar, startSidecar } from '../harness/sidecar.ts';
import { type StandIn, startStandIn } from '../stand-in/stand-in.ts';
import { type MovedClock, moveClock } from './moved-clock.ts';

/** A company with a sidecar before a stand-in, and people who use it. */
export interface Office {
  readonly sidecar: Sidecar;
  readonly standIn: StandIn;
  readonly clock: MovedClock;
  /** An application of somebody. */
  client(team: string, app: string, user: string): OpenAI;
}

const configuration = `
identity: { org: acme, team: ['header:x-team'], app: ['header:x-app'], user: ['header:x-user'] }
budgets:
  - { name: org-month, limit: { tokens: 200000000, usd: 1200 }, window: { every: month, timezone: Europe/Berlin } }
  - { name: team-day, per: [team], limit: { tokens: 400000 }, window: { every: day }, onTight: deny }
  - { name: user-week, per: [user], limit: { usd: 12 }, window: { rolling: 7d }, mode: observe, match: { team: search } }
limits:
  - { name: app-requests, per: [app], requests: { rate: 5, per: second, burst: 200 } }
circuit: { minCalls: 5, openMs: 60000 }
upstream:
  apiKey: sk-never-shown-anywhere
`;

export async function openOffice(t: TestContext): Promise<Office> {
  const clock = moveClock(t, '2026-10-14T08:41:20.000Z');
  const standIn = await startStandIn({ apiKey: 'sk-never-shown-anywhere' });
  t.after(() => standIn.close());
  const sidecar = await startSidecar(t, {
    upstreamUrl: standIn.url,
    config: configuration,
    pod: 'search-api-7c9d5b6f4-x2kqv',
    env: { OPENAI_API_KEY: '' },
  });
  return {
    sidecar,
    standIn,
    clock,
    client: (team, app, user) =>
      new OpenAI({
        baseURL: sidecar.url,
        apiKey: 'placeholder',
        maxRetries: 0,
        defaultHeaders: { 'x-team': team, 'x-app': app, 'x-user': user },
      }),
  };
}

/** A busy start, and later a quarter of an hour of work, gone through in a second or two. */
export async function workAWhile(office: Office): Promise<void> {
  const search = office.client('search', 'search-api', 'mara');
  const support = office.client('support', 'helpdesk', 'u-4711');
  const lab = office.client('lab', 'notebooks', 'ines');
  for (let sent = 0; sent < 4; sent += 1) await ask(search, 'gpt-4o', 70_000);
  office.clock.ahead(3_600_000);
  for (let step = 0; step < 45; step += 1) {
    const words = 200 + ((step * 97) % 450);
    await ask(search, 'gpt-4o', words);
    if (step % 2 === 0) await ask(support, 'gpt-4o-mini', words / 2);
    if (step % 3 === 0) await ask(lab, 'gpt-4o', 500 + step * 14);
    if (step > 20) await ask(search, 'gpt-4o', 260);
    office.clock.ahead(20_000);
  }
}

export async function ask(client: OpenAI, model: string, words: number): Promise<void> {
  await client.chat.completions.create({
    model,
    messages: [{ role: 'user', content: `Tell me more. [[words:${Math.round(words)}]]` }],
    max_completion_tokens: Math.round(words * 3),
  });
}

/** Answers that flow as long as the test runs, a request that thinks, and a run. */
export async function keepBusy(t: TestContext, office: Office): Promise<void> {
  const leaving = new AbortController();
  const options = { signal: leaving.signal };
  const search = office.client('search', 'search-api', 'mara');
  const support = office.client('support', 'helpdesk', 'u-4711');
  const running: Promise<void>[] = [];
  for (const [client, model] of [
    [search, 'gpt-4o'],
    [support, 'gpt-4o-mini'],
  ] as const) {
    const stream = await client.chat.completions.create(
      {
        model,
        stream: true,
        messages: [{ role: 'user', content: 'Tell me a story. [[words:400]][[delayMs:400]]' }],
        max_completion_tokens: 700,
      },
      options,
    );
    running.push(drain(stream).catch(left));
  }
  running.push(
    search.responses
      .create({ model: 'gpt-4o', input: 'Think. [[thinkMs:60000]]', max_output_tokens: 400 }, options)
      .then(() => {}, left),
  );
  const assistant = await support.beta.assistants.create({ model: 'gpt-4o-mini' });
  const thread = await support.beta.threads.create({
    messages: [{ role: 'user', content: 'Where is my parcel? [[words:100]][[delayMs:500]]' }],
  });
  const run = { assistant_id: assistant.id, stream: true, max_completion_tokens: 400 } as const;
  running.push(drain(await support.beta.threads.runs.create(thread.id, run, options)).catch(left));
  t.after(async () => {
    leaving.abort();
    await Promise.all(running);
  });
}

/** The test is over, or the upstream was taken away. */
function left(): void {}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

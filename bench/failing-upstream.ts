import type { OpenAI } from 'openai';

import { seededRandom } from '../test/chaos/seeded-random.ts';
import { writeConfig } from '../test/harness/config-file.ts';
import type { Lifetime } from '../test/harness/lifetime.ts';
import { spawnSidecar } from '../test/harness/processes.ts';
import { type Major, loadSdk } from '../test/sdk/sdk-versions.ts';
import { type SeenRequest, startStandIn } from '../test/stand-in/stand-in.ts';
import { applicationCalls } from './application-calls.ts';

export interface Trial {
  /** The application's SDK, with its own retries. */
  readonly sdk: Major;
  readonly calls: number;
  readonly callsAtOnce: number;
  /** Of the upstream's answers, from 0 to 1, at random. */
  readonly failShare: number;
  readonly listsResponses?: boolean;
  /** YAML of a sidecar between the two; undefined: there is none. */
  readonly config: string | undefined;
}

export interface Figures {
  readonly succeededShare: number;
  /** Upstream, for each call of the application. */
  readonly upstreamCallsEach: number;
  /**
   * The same in times of the least: whoever knows everything needs `1 / (1 - failShare)` upstream calls for a call
   * that succeeds, and none for one that doesn't.
   */
  readonly timesTheLeast: number;
  /** Calls of the application that were billed more than once. */
  readonly billedTwice: number;
  /** Calls of the application that were billed, and of which it got nothing or not the whole. */
  readonly billedForNothing: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** An application calls an upstream that fails now and then, straight or through a sidecar of its own process. */
export async function tryFailingUpstream(lifetime: Lifetime, trial: Trial): Promise<Figures> {
  const standIn = await startStandIn({
    listsResponses: trial.listsResponses ?? false,
    failures: { share: trial.failShare, random: seededRandom(1) },
    keepRequests: Number.POSITIVE_INFINITY,
  });
  lifetime.after(() => standIn.close());
  const baseURL =
    trial.config === undefined ? standIn.url : await sidecarUrl(lifetime, standIn.url, trial.config);
  const { OpenAI: Client } = await loadSdk(trial.sdk);
  const client = new Client({ baseURL, apiKey: standIn.apiKey });

  const made: MadeCall[] = [];
  let next = 0;
  const callAfterCall = async () => {
    while (next < trial.calls) made.push(await makeCall(client, next++));
  };
  await Promise.all(Array.from({ length: trial.callsAtOnce }, callAfterCall));
  return figuresOf(trial, made, standIn.requests);
}

async function sidecarUrl(lifetime: Lifetime, upstreamUrl: string, config: string): Promise<string> {
  const file = writeConfig(lifetime, config);
  const sidecar = await spawnSidecar(lifetime, upstreamUrl, { ASSISTANT_PROXY_CONFIG: file });
  return sidecar.url;
}

interface MadeCall {
  readonly id: string;
  readonly hasSucceeded: boolean;
  readonly tookMs: number;
}

async function makeCall(client: OpenAI, index: number): Promise<MadeCall> {
  const id = `call-${index}`;
  const startedAtMs = performance.now();
  const call = applicationCalls[index % applicationCalls.length]!;
  const hasSucceeded = await call(client, { [callIdHeader]: id }).catch(() => false);
  return { id, hasSucceeded, tookMs: performance.now() - startedAtMs };
}

/** The SDK and the sidecar send it with every attempt, so the upstream knows which belong together. */
const callIdHeader = 'x-call-id';

function figuresOf(trial: Trial, made: readonly MadeCall[], requests: readonly SeenRequest[]): Figures {
  const billed = new Map<unknown, number>();
  for (const { headers, usage } of requests) {
    if (usage) billed.set(headers[callIdHeader], (billed.get(headers[callIdHeader]) ?? 0) + 1);
  }
  const succeeded = made.filter(({ hasSucceeded }) => hasSucceeded);
  const lost = made.filter(({ id, hasSucceeded }) => !hasSucceeded && billed.has(id));
  const tookMs = made.map((call) => call.tookMs).toSorted((a, b) => a - b);
  return {
    succeededShare: succeeded.length / made.length,
    upstreamCallsEach: requests.length / made.length,
    timesTheLeast: (requests.length * (1 - trial.failShare)) / succeeded.length,
    billedTwice: [...billed.values()].filter((times) => times > 1).length,
    billedForNothing: lost.length,
    p50Ms: tookMs[Math.floor(made.length * 0.5)]!,
    p99Ms: tookMs[Math.floor(made.length * 0.99)]!,
  };
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ApiAnswer } from '../../../src/assistants/api-call.ts';
import { randomId } from '../../../src/assistants/ids.ts';
import { createResponsesModel } from '../../../src/assistants/models/responses/responses-model.ts';
import { serve } from '../../../src/assistants/serving.ts';
import type { AssistantStore } from '../../../src/assistants/store/store.ts';
import { createUpstreamCalls } from '../../../src/assistants/upstream-calls.ts';
import type { Usage } from '../../../src/assistants/wire.ts';
import { ProxyError } from '../../../src/errors.ts';
import { compose } from '../../../src/exchange.ts';
import { createTokenCounter } from '../../../src/openai/count-tokens.ts';
import { readUsage } from '../../../src/policies/read-usage.ts';
import { createDispatcher } from '../../../src/upstream/dispatcher.ts';
import { forward } from '../../../src/upstream/forward.ts';
import { openStoreIn } from '../../embedded/open-embedded-store.ts';
import { createMemoryAssistantStore } from '../../harness/memory-assistant-store.ts';
import { createOwnMetrics } from '../../harness/own-metrics.ts';
import { upstreamKey } from '../../harness/sidecar.ts';
import { type StandIn, startStandIn } from '../../stand-in/stand-in.ts';

/** What every world shares: an upstream, and the counter of tokens. */
export interface Grounds {
  readonly standIn: StandIn;
  /** @param disturb comes between the served API and its store. */
  openWorld(kind: 'memory' | 'embedded', disturb?: (store: AssistantStore) => AssistantStore): World;
  close(): Promise<void>;
}

/** The served API with a store and a clock of its own. */
export interface World {
  call(operation: string, call: Asked): Promise<Told>;
  nowMs(): number;
  advance(ms: number): void;
  readonly store: AssistantStore;
  /** What went wrong where nobody waits for an answer. */
  readonly errors: readonly Error[];
  /** Of each model call of a run, in their order. */
  billed(runId: string): Usage[];
  close(): Promise<boolean>;
}

export interface Asked {
  readonly ids?: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** An answer as a caller sees it. */
export interface Told {
  readonly status: number;
  /** An object, or the error's. */
  readonly value: Record<string, unknown>;
  /** Of a stream: resolves once it has ended. */
  readonly events?: Promise<StreamTold>;
}

export interface StreamTold {
  readonly events: readonly { readonly event: string; readonly data: unknown }[];
  readonly isCut: boolean;
}

export const org = 'acme';
export const expireAfterSeconds = 600;

export async function openGrounds(): Promise<Grounds> {
  const standIn = await startStandIn({ keepRequests: 1_000_000 });
  const counter = createTokenCounter();
  const dispatcher = createDispatcher({
    baseUrl: standIn.url,
    connectTimeoutMs: 5000,
    headersTimeoutMs: 5000,
    bodyIdleTimeoutMs: 5000,
    maxConnections: 0,
    httpProxy: '',
    httpsProxy: '',
    noProxy: '',
    caFile: '',
  });
  const key = { dialect: 'openai', apiKey: () => upstreamKey, organization: '', project: '' } as const;
  const handler = compose([readUsage()], forward({ baseUrl: standIn.url, identity: key, dispatcher }));
  const calls = createUpstreamCalls(handler);
  /** The requests of each run; those of the stand-in that were looked at. */
  const byRun = new Map<string, number[]>();
  let looked = 0;

  function billed(runId: string): Usage[] {
    const { requests } = standIn;
    for (; looked < requests.length; looked += 1) {
      const { method, json, closedAtMs } = requests[looked]!;
      // Its body is still on the way.
      if (method === 'POST' && json === undefined && closedAtMs === undefined) break;
      const { metadata } = (json ?? {}) as { metadata?: { run_id?: string } };
      if (metadata?.run_id === undefined) continue;
      byRun.set(metadata.run_id, [...(byRun.get(metadata.run_id) ?? []), looked]);
    }
    return (byRun.get(runId) ?? []).map((index) => {
      const { inputTokens = 0, outputTokens = 0 } = requests[index]!.usage ?? {};
      const total_tokens = inputTokens + outputTokens;
      return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens };
    });
  }

  return {
    standIn,
    openWorld(kind, disturb = (store) => store) {
      const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-fuzz-'));
      let movedMs = 0;
      const nowMs = () => Date.now() + movedMs;
      const errors: Error[] = [];
      const store: AssistantStore =
        kind === 'memory' ? createMemoryAssistantStore(nowMs) : openStoreIn(folder, nowMs);
      const serving = serve({
        store: disturb(store),
        calls,
        counter,
        nowMs,
        newId: randomId,
        orgs: () => [org],
        leaseMs: 5000,
        random: Math.random,
        metrics: createOwnMetrics().runs,
        onError: (error) => errors.push(error),
        model: createResponsesModel({ calls, upstreamStore: 'keep' }),
        expireAfterSeconds,
        onStreamLeft: 'cancel',
        defaults: () => ({
          maxPromptTokens: 0,
          maxCompletionTokens: 0,
          maxPromptTokensCeiling: 0,
          maxCompletionTokensCeiling: 0,
          truncation: 'auto',
          lastMessages: 20,
        }),
      });
      return {
        store,
        nowMs,
        advance: (ms) => void (movedMs += ms),
        errors,
        billed,
        async call(operation, { ids = [], query = {}, body }) {
          const asked = {
            identity: { org, team: '', app: '', user: '' },
            ids,
            query: new URLSearchParams(query),
            body,
            signal: new AbortController().signal,
          };
          try {
            return toldBy(await serving.handlers[operation]!(asked));
          } catch (error) {
            // Anything else would be answered as an internal error.
            if (!(error instanceof ProxyError)) throw error;
            const { message, type, param, wireCode: code } = error;
            return { status: error.status, value: { message, type, param, code } };
          }
        },
        async close() {
          const isWhole = await serving.drain(5000);
          await serving.close();
          rmSync(folder, { recursive: true });
          return isWhole;
        },
      };
    },
    async close() {
      await dispatcher.destroy();
      await counter.close();
      await standIn.close();
    },
  };
}

function toldBy(answer: ApiAnswer): Told {
  // As it would have gone over the wire: what is written later doesn't show in it.
  if (answer.kind === 'object') return { status: 200, value: JSON.parse(JSON.stringify(answer.value)) };
  const ended = Promise.withResolvers<StreamTold>();
  let text = '';
  const end = (isCut: boolean) => ended.resolve({ events: eventsIn(text), isCut });
  answer.open({
    write(chunk) {
      text += Buffer.from(chunk).toString('utf8');
      return true;
    },
    end: () => end(false),
    fail: () => end(true),
  });
  const first = eventsIn(text).find(({ event }) => /^thread\.run\.\w+$/.test(event));
  return { status: 200, value: (first?.data ?? {}) as Record<string, unknown>, events: ended.promise };
}

function eventsIn(text: string): { event: string; data: unknown }[] {
  return text
    .split('\n\n')
    .filter(Boolean)
    .map((block) => {
      const [, event = '', data = ''] = /^event: (.*)\ndata: (.*)$/s.exec(block) ?? [];
      return { event, data: data === '[DONE]' ? data : (JSON.parse(data) as unknown) };
    });
}

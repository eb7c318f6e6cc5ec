import assert from 'node:assert/strict';

import type { ApiHandler } from '../../../src/assistants/api-call.ts';
import { randomId } from '../../../src/assistants/ids.ts';
import { createObjectHandlers } from '../../../src/assistants/objects/object-handlers.ts';
import type { ObjectParts } from '../../../src/assistants/objects/object-parts.ts';
import type { AssistantStore, Commit, Partition } from '../../../src/assistants/store/store.ts';
import { createUpstreamCalls } from '../../../src/assistants/upstream-calls.ts';
import { ProxyError } from '../../../src/errors.ts';
import type { Exchange, Handler, Identity } from '../../../src/exchange.ts';
import { createTokenCounter } from '../../../src/openai/count-tokens.ts';
import { createMemoryAssistantStore } from '../../harness/memory-assistant-store.ts';

export const acme: Identity = { org: 'acme', team: 'search', app: 'bot', user: '' };
export const nowSeconds = 1_790_000_000;

/** What the upstream was asked, and what it answers: a status and a body. */
export interface UpstreamAsked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly identity: Identity | undefined;
}

export type AnswerUpstream = (asked: UpstreamAsked) => { status: number; value: unknown };

export interface ServedObjects {
  readonly store: AssistantStore;
  readonly parts: ObjectParts;
  /** What the upstream was asked so far. */
  readonly asked: UpstreamAsked[];
  /** Calls an operation, and gives its object. */
  call(operation: string, call?: CallOptions): Promise<Answer>;
  /** Calls an operation that must fail, and gives what the caller sees: status, message, param and code. */
  refusal(operation: string, call?: CallOptions): Promise<Refusal>;
}

interface CallOptions {
  readonly ids?: readonly string[];
  readonly query?: string;
  readonly body?: unknown;
  readonly identity?: Identity;
}

/** Tests look into it by name, whatever it is. */
export type Answer = Record<string, unknown> & {
  readonly id: string;
  readonly data: readonly Record<string, unknown>[];
};

type Refusal = readonly [status: number, message: string, param: string | null, code: string | null];

/** One for all, because its start takes half a second. Idle, it keeps no process alive. */
const counter = createTokenCounter();

/** The handlers over a store in memory and an upstream that answers as the test says. */
export function serveObjects({
  answer = newVectorStores(),
  store = createMemoryAssistantStore(),
}: {
  answer?: AnswerUpstream;
  store?: AssistantStore;
} = {}): ServedObjects {
  const asked: UpstreamAsked[] = [];
  const upstream: Handler = async (exchange) => {
    const seen = askedOf(exchange);
    asked.push(seen);
    const { status, value } = answer(seen);
    return replyOf(status, Buffer.from(JSON.stringify(value)));
  };
  const parts: ObjectParts = {
    store,
    calls: createUpstreamCalls(upstream),
    counter,
    nowMs: () => nowSeconds * 1000 + 999,
    newId: randomId,
  };
  const handlers = createObjectHandlers(parts);

  function run(operation: string, { ids = [], query = '', body, identity = acme }: CallOptions = {}) {
    const handler: ApiHandler | undefined = handlers[operation];
    assert.ok(handler, `no handler of ${operation}`);
    const { signal } = new AbortController();
    return handler({ identity, ids, query: new URLSearchParams(query), body, signal });
  }

  return {
    store,
    parts,
    asked,
    async call(operation, call) {
      const answered = await run(operation, call);
      assert.ok(answered.kind === 'object');
      // As it goes over the wire.
      return JSON.parse(JSON.stringify(answered.value)) as Answer;
    },
    async refusal(operation, call) {
      const error = await run(operation, call).then(
        () => assert.fail(`${operation} did not fail`),
        (reason: unknown) => reason,
      );
      if (!(error instanceof ProxyError)) throw error;
      return [error.status, error.message, error.param, error.wireCode];
    },
  };
}

/** An upstream that has every file and makes every vector store: vs_1, vs_2 ... */
export function newVectorStores(): AnswerUpstream {
  let made = 0;
  return ({ path }) => ({
    status: 200,
    value:
      path === '/vector_stores' ? { id: `vs_${(made += 1)}` } : { id: 'file-1', object: 'vector_store.file' },
  });
}

/** A store that counts its round trips, and lets a test step in before a commit. */
export function watched(
  store: AssistantStore,
  beforeCommit: (partition: Partition, commit: Commit) => Promise<void> = async () => {},
): { store: AssistantStore; calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    store: {
      ...store,
      get(partition, ids) {
        calls.push('get');
        return store.get(partition, ids);
      },
      list(partition, list, page) {
        calls.push('list');
        return store.list(partition, list, page);
      },
      async commit(partition, commit) {
        calls.push('commit');
        await beforeCommit(partition, commit);
        return store.commit(partition, commit);
      },
    },
  };
}

function askedOf({ method, path, body, identity }: Exchange): UpstreamAsked {
  return { method, path, body: body.kind === 'json' ? body.value : undefined, identity };
}

function replyOf(status: number, bytes: Buffer): Awaited<ReturnType<Handler>> {
  const finished = Promise.withResolvers<{ ending: 'complete'; bodyBytes: number }>();
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body(sink) {
      sink.write(bytes);
      sink.end();
      finished.resolve({ ending: 'complete', bodyBytes: bytes.length });
      return { resume() {}, leave() {} };
    },
    finished: finished.promise,
  };
}

import type { AddressInfo } from 'node:net';

import type { SeenRequest } from './call.ts';
import { createFaults, type Fault } from './faults.ts';
import { type RandomFailures, failAtRandom } from './random-failures.ts';
import { createRoutes } from './routes.ts';
import { createStandInServer } from './server.ts';

export type { Fault } from './faults.ts';
export type { SeenRequest } from './call.ts';

export interface StandInOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  /** The same request gets the same bytes: ids, times and text derive from it. */
  deterministic?: boolean;
  /** Between two chunks of a stream; 0 unless told. */
  chunkDelayMs?: number;
  /** How long background responses, runs, batches and file batches are queued; 20 unless told. */
  queuedMs?: number;
  /** How long they then take at least; 60 unless told. */
  workMs?: number;
  /** The key that callers have to send; `sk-stand-in` unless told. */
  apiKey?: string;
  /** OpenAI retired the Assistants API on 2026-08-26 and answers 404; other upstreams still have it. */
  assistants?: 'retired' | 'live';
  /** OpenAI has no list of Responses; some self-hosted servers do. */
  listsResponses?: boolean;
  /** Requests fail now and then, beside those that `fail` and a header choose. */
  failures?: RandomFailures;
  /** How long a run may take before it expires; 600 s unless told. */
  runExpiresAfterSeconds?: number;
  /** How many requests `requests` keeps; 10,000 unless told. */
  keepRequests?: number;
  /** Unix milliseconds. */
  now?: () => number;
  /** A float in [0, 1). */
  random?: () => number;
}

/** A server that behaves as api.openai.com does. */
export interface StandIn {
  /** `http://127.0.0.1:PORT/v1` */
  readonly url: string;
  readonly port: number;
  readonly apiKey: string;
  /** The key for `/organization`, which takes no other. */
  readonly adminKey: string;
  /** What arrived, oldest first. */
  readonly requests: readonly SeenRequest[];
  /** Makes the next matching requests fail. */
  fail(fault: Fault): void;
  /** Forgets the faults that were planned. */
  heal(): void;
  /** Closes the listening port, so that new connections are refused, and every open connection. */
  refuse(): Promise<void>;
  /** Listens again on the same port. */
  accept(): Promise<void>;
  close(): Promise<void>;
}

export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const nowMs = options.now ?? Date.now;
  const apiKey = options.apiKey ?? 'sk-stand-in';
  const adminKey = 'sk-admin-stand-in';
  const requests: SeenRequest[] = [];
  const faults = createFaults();
  const server = createStandInServer({
    routes: createRoutes({
      nowMs,
      deterministic: options.deterministic ?? false,
      chunkDelayMs: options.chunkDelayMs ?? 0,
      queuedMs: options.queuedMs ?? 20,
      workMs: options.workMs ?? 60,
      assistants: options.assistants ?? 'retired',
      listsResponses: options.listsResponses ?? false,
      runExpiresAfterSeconds: options.runExpiresAfterSeconds ?? 600,
      billed: () => requests,
    }),
    faults,
    failAtRandom: options.failures && failAtRandom(options.failures),
    requests,
    keepRequests: options.keepRequests ?? 10_000,
    apiKey,
    adminKey,
    deterministic: options.deterministic ?? false,
    nowMs,
    random: options.random,
  });

  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });

  await listen(options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    apiKey,
    adminKey,
    requests,
    fail: (fault) => faults.add(fault),
    heal: () => faults.clear(),
    refuse: stop,
    accept: () => listen(port),
    close: stop,
  };
}

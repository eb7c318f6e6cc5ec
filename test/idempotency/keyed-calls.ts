import type { TestContext } from 'node:test';

import type { RunningProcess } from '../harness/processes.ts';
import { type RunningRedis, startRedis } from '../harness/redis.ts';
import { type Sidecar, startSidecar } from '../harness/sidecar.ts';

/** An answer, read to its end. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of an error. */
  readonly code: string | null | undefined;
  readonly isReplayed: boolean;
}

/** Where calls go: a sidecar in this process or in another. */
export type Pod = Pick<Sidecar | RunningProcess, 'url'>;

export interface Keyed {
  readonly key?: string;
  readonly path?: string;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A POST of JSON with the key `key 1`, unless it says else. */
export async function post(pod: Pod, body: object, keyed: Keyed = {}): Promise<Answered> {
  const { key = 'key 1', path = '/chat/completions', signal, headers = {} } = keyed;
  const response = await fetch(`${pod.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'openai-beta': 'assistants=v2',
      'idempotency-key': key,
      ...headers,
    },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
  return read(response);
}

/** A multipart upload, with a boundary that `fetch` draws. */
export async function upload(pod: Pod, content: string, key = 'key 1'): Promise<Answered> {
  const form = new FormData();
  form.set('purpose', 'assistants');
  form.set('file', new Blob([content]), 'a.txt');
  const headers = { 'idempotency-key': key };
  return read(await fetch(`${pod.url}/files`, { method: 'POST', headers, body: form }));
}

async function read(response: Response): Promise<Answered> {
  const { status, headers } = response;
  const text = await response.text();
  return {
    status,
    headers,
    text,
    code: status >= 400 ? codeIn(text) : undefined,
    isReplayed: headers.get('idempotent-replayed') === 'true',
  };
}

function codeIn(text: string): string | null {
  const { error } = JSON.parse(text) as { error?: { code: string | null } };
  return error?.code ?? null;
}

export interface PodsOptions {
  readonly upstreamUrl: string;
  readonly config?: string;
  readonly env?: Record<string, string>;
}

/** Two pods that know of each other's calls; without a Redis, one pod twice. */
export type StartPods = (t: TestContext, options: PodsOptions) => Promise<readonly [Sidecar, Sidecar]>;

export const onePod: StartPods = async (t, options) => {
  const pod = await startSidecar(t, options);
  return [pod, pod];
};

export const podsOnRedis: StartPods = async (t, options) => podsOn(t, await startRedis(t), options);

export async function podsOn(
  t: TestContext,
  redis: RunningRedis,
  { env, ...options }: PodsOptions,
): Promise<readonly [Sidecar, Sidecar]> {
  const start = () => startSidecar(t, { ...options, env: { REDIS_URL: redis.url, ...env } });
  return [await start(), await start()];
}

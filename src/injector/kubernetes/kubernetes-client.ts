import { Agent, request } from 'undici';

import type { PatchOperation } from '../pods/json-patch.ts';
import type { ServiceAccount } from './service-account.ts';

/** An object as the API writes it. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
}

/** The few verbs that the injector uses. All reject with `ApiError`. Paths are those of the API, from its root. */
export interface KubernetesClient {
  /** Undefined if there is no such object. */
  get<Kind extends KubernetesObject>(path: string): Promise<Kind | undefined>;
  /** False if there is one of that name already. */
  create(path: string, object: object): Promise<boolean>;
  /** False if it has been changed since it was read, or is gone: `metadata.resourceVersion` tells. */
  replace(path: string, object: object): Promise<boolean>;
  patch(path: string, operations: readonly PatchOperation[]): Promise<void>;
  close(): Promise<void>;
}

/** The API server refused, could not be reached, or did not answer in time. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
}

const timeoutMs = 5000;
/** A Secret and a webhook configuration are far smaller. */
const maxAnswerBytes = 8 * 1024 * 1024;

/** A client of the API server, in the name of a service account. */
export function createKubernetesClient(serverUrl: string, account: ServiceAccount): KubernetesClient {
  let trusted: { readonly authority: string; readonly agent: Agent } | undefined;

  async function trustedAgent(): Promise<Agent> {
    const authority = await account.authority();
    if (trusted?.authority === authority) return trusted.agent;
    void trusted?.agent.close();
    const agent = new Agent({ connect: { ca: authority, timeout: timeoutMs } });
    trusted = { authority, agent };
    return agent;
  }

  async function call(method: 'GET' | 'POST' | 'PUT' | 'PATCH', path: string, sent?: object) {
    try {
      const dispatcher = await trustedAgent();
      const type = method === 'PATCH' ? 'application/json-patch+json' : 'application/json';
      const { statusCode, body } = await request(`${serverUrl}${path}`, {
        method,
        dispatcher,
        headers: {
          authorization: `Bearer ${await account.token()}`,
          accept: 'application/json',
          ...(sent ? { 'content-type': type } : {}),
        },
        body: sent ? JSON.stringify(sent) : null,
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { status: statusCode, text: await collect(body) };
    } catch (cause) {
      throw new ApiError(`the Kubernetes API can't be reached: ${(cause as Error).message}`, { cause });
    }
  }

  return {
    async get<Kind>(path: string) {
      const { status, text } = await call('GET', path);
      if (status === 404) return undefined;
      if (status !== 200) throw refused('get', path, status, text);
      return JSON.parse(text) as Kind;
    },
    async create(path, object) {
      const { status, text } = await call('POST', path, object);
      if (status === 409) return false;
      if (status !== 201 && status !== 200) throw refused('create', path, status, text);
      return true;
    },
    async replace(path, object) {
      const { status, text } = await call('PUT', path, object);
      if (status === 409 || status === 404) return false;
      if (status !== 200) throw refused('update', path, status, text);
      return true;
    },
    async patch(path, operations) {
      const { status, text } = await call('PATCH', path, operations);
      if (status !== 200) throw refused('patch', path, status, text);
    },
    close: async () => trusted?.agent.close(),
  };
}

async function collect(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxAnswerBytes) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Of the answer only the message of a `Status` is told: anything else may be an object with a key in it. */
function refused(verb: string, path: string, status: number, text: string): ApiError {
  let message = '';
  try {
    const answer = JSON.parse(text) as { kind?: unknown; message?: unknown };
    if (answer.kind === 'Status' && typeof answer.message === 'string') message = `: ${answer.message}`;
  } catch {
    // A proxy in between; the status says enough.
  }
  const hint = status === 403 ? '; the service account needs a Role for it' : '';
  return new ApiError(`the Kubernetes API answered ${status} to ${verb} ${path}${message}${hint}`);
}

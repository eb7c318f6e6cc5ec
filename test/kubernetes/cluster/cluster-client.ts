import { readFileSync } from 'node:fs';

import { Agent, request } from 'undici';

/** An object as it is stored. */
export interface StoredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body: StoredObject & { readonly message?: string };
  /** What kubectl would print as warnings. */
  readonly warnings: readonly string[];
}

export interface ClusterClient {
  /** Beside HTTP's methods, APPLY is a server-side apply. */
  send(method: string, path: string, body?: object): Promise<Answer>;
  /** Any object, by its apiVersion, kind and namespace; unknown and doubled fields are refused. */
  tryCreate(object: object, options?: { dryRun?: boolean }): Promise<Answer>;
  /** The same; rejects with what the API server says if it refuses. */
  create(object: object, options?: { dryRun?: boolean }): Promise<StoredObject>;
  get(path: string): Promise<StoredObject>;
  list(path: string): Promise<StoredObject[]>;
  /** A JSON merge patch (RFC 7386). */
  patch(path: string, change: object): Promise<StoredObject>;
  remove(path: string): Promise<void>;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  PATCH: 'application/merge-patch+json',
  APPLY: 'application/apply-patch+yaml',
};

/** A webhook may take ten seconds, each of several. */
const timeoutMs = 60_000;

/** A client of its own, so that the injector's is not what it is tried with. */
export function createClusterClient(url: string, authorityFile: string, token: string): ClusterClient {
  const dispatcher = new Agent({ connect: { ca: readFileSync(authorityFile) } });
  const folders = new Map<string, Promise<{ resource: string; namespaced: boolean }>>();

  async function send(method: string, path: string, body?: object): Promise<Answer> {
    const type = types[method] ?? 'application/json';
    const response = await request(`${url}${path}`, {
      method: method === 'APPLY' ? 'PATCH' : (method as 'GET'),
      dispatcher,
      headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': type },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.body.text();
    const told = [response.headers['warning'] ?? []].flat().join(', ');
    return {
      status: response.statusCode,
      body: (text.startsWith('{') ? JSON.parse(text) : { message: text }) as Answer['body'],
      warnings: [...told.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, warning]) => warning!),
    };
  }

  async function expect(method: string, path: string, body?: object): Promise<Answer['body']> {
    const answer = await send(method, path, body);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method} ${path} was answered ${answer.status}: ${answer.body.message}`);
  }

  /** The API server knows what its objects are called in paths. */
  function findFolder(apiVersion: string, kind: string) {
    const known = folders.get(`${apiVersion} ${kind}`);
    if (known) return known;
    const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const found = expect('GET', group).then((body) => {
      const resources = body['resources'] as { name: string; kind: string; namespaced: boolean }[];
      const resource = resources.find(({ name, kind: each }) => each === kind && !name.includes('/'));
      if (resource === undefined) throw new Error(`the API server knows no ${kind} of ${apiVersion}`);
      return { resource: `${group} ${resource.name}`, namespaced: resource.namespaced };
    });
    folders.set(`${apiVersion} ${kind}`, found);
    found.catch(() => folders.delete(`${apiVersion} ${kind}`));
    return found;
  }

  async function tryCreate(object: object, { dryRun = false } = {}): Promise<Answer> {
    const { apiVersion, kind, metadata } = object as StoredObject;
    const { resource, namespaced } = await findFolder(apiVersion, kind);
    const [group, name] = resource.split(' ');
    const folder = namespaced ? `${group}/namespaces/${metadata.namespace}/${name}` : `${group}/${name}`;
    return send('POST', `${folder}?fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`, object);
  }

  return {
    send,
    tryCreate,
    async create(object, options) {
      const { status, body } = await tryCreate(object, options);
      if (status === 201) return body;
      const { kind, metadata } = object as StoredObject;
      throw new Error(`${kind} ${metadata.name} was answered ${status}: ${body.message}`);
    },
    get: (path) => expect('GET', path),
    list: async (path) => (await expect('GET', path))['items'] as StoredObject[],
    patch: (path, change) => expect('PATCH', path, change),
    remove: async (path) => void (await expect('DELETE', path)),
    close: () => dispatcher.destroy(),
  };
}

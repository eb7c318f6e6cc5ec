import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

import jsonPatch from 'fast-json-patch';

import { kubernetesVersions, schemaProblems } from '../kubernetes/schema-problems.ts';
import { createAuthority } from '../upstream/certificates.ts';

export interface StoredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly [field: string]: unknown;
}

export interface ApiServer {
  readonly url: string;
  /** A service account of the namespace `system`, as it is mounted into a pod. */
  readonly serviceAccountDir: string;
  get(path: string): StoredObject | undefined;
  put(path: string, object: object): void;
  list(folder: string): StoredObject[];
  /** Every call: `PUT /api/v1/...`. */
  readonly calls: string[];
  /** From now on only this token is let in; the mounted file is the caller's business. */
  setToken(token: string): void;
  setDown(isDown: boolean): void;
  /** Answers for the server where it answers at all. */
  interceptWith(intercept: Intercept): void;
}

type Intercept = (method: string, path: string) => Promise<{ status: number; body: object } | undefined>;

/**
 * Stands for Kubernetes where no API server is at hand: keeps objects, checks their fields, refuses what was changed
 * meanwhile (409), patches, and lets in whoever has the token. It knows nothing of what the objects mean.
 */
export async function startApiServer(test: TestContext): Promise<ApiServer> {
  const { caFile, issue } = createAuthority(test);
  const objects = new Map<string, StoredObject>();
  const calls: string[] = [];
  let version = 0;
  let token = 'token-1';
  let down = false;
  let intercept: Intercept = async () => undefined;
  const serviceAccountDir = mkdtempSync(join(tmpdir(), 'assistant-proxy-account-'));
  writeFileSync(join(serviceAccountDir, 'token'), token);
  writeFileSync(join(serviceAccountDir, 'namespace'), 'system');
  writeFileSync(join(serviceAccountDir, 'ca.crt'), readFileSync(caFile));

  const server = createServer(issue(), (request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(serviceAccountDir, { recursive: true });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '' } = request;
    const sent = await text(request);
    calls.push(`${method} ${path}`);
    if (down) return void request.socket.destroy();
    const { status, body } =
      request.headers.authorization === `Bearer ${token}`
        ? ((await intercept(method, path)) ?? serve(method, path, sent, request.headers['content-type']))
        : failure(401, 'Unauthorized');
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  function serve(method: string, path: string, sent: string, type = '') {
    const present = objects.get(path);
    if (method === 'POST') return create(path, JSON.parse(sent) as StoredObject);
    if (present === undefined) return failure(404, 'NotFound');
    if (method === 'GET') return { status: 200, body: present };
    if (method === 'PATCH') {
      if (type !== 'application/json-patch+json') return failure(415, 'UnsupportedMediaType');
      const operations = JSON.parse(sent) as Parameters<typeof jsonPatch.applyPatch>[1];
      try {
        const { newDocument } = jsonPatch.applyPatch(structuredClone(present), operations, true);
        return store(path, newDocument, 200);
      } catch {
        return failure(422, 'Invalid');
      }
    }
    const next = JSON.parse(sent) as StoredObject;
    if (next.metadata.resourceVersion !== present.metadata.resourceVersion) return failure(409, 'Conflict');
    return store(path, next, 200);
  }

  function create(folder: string, object: StoredObject) {
    const { generateName = '', name = `${generateName}${randomUUID()}` } = object.metadata as {
      generateName?: string;
      name?: string;
    };
    if (objects.has(`${folder}/${name}`)) return failure(409, 'AlreadyExists');
    return store(`${folder}/${name}`, { ...object, metadata: { ...object.metadata, name } }, 201);
  }

  function store(path: string, object: StoredObject, status: number) {
    const problems = schemaProblems(object, kubernetesVersions.at(-1)!);
    if (problems.length > 0) return failure(422, problems.join());
    version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    objects.set(path, stored);
    return { status, body: stored };
  }

  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    serviceAccountDir,
    get: (path) => objects.get(path),
    put: (path, object) => void store(path, object as StoredObject, 200),
    list: (folder) =>
      [...objects].flatMap(([path, object]) => (path.startsWith(`${folder}/`) ? [object] : [])),
    calls,
    setToken: (next) => (token = next),
    setDown: (isDown) => (down = isDown),
    interceptWith: (next) => (intercept = next),
  };
}

function failure(code: number, reason: string) {
  const body = { apiVersion: 'v1', kind: 'Status', status: 'Failure', code, reason, message: reason };
  return { status: code, body };
}

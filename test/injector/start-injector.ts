import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createInjector } from '../../src/injector/injector.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import type { ApiServer } from './api-server.ts';

export const configurationPath =
  '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/assistant-proxy-injector';
export const secretPath = '/api/v1/namespaces/system/secrets/assistant-proxy-injector-tls';
export const serviceName = 'assistant-proxy-injector.system.svc';

export interface RunningInjector {
  readonly port: number;
  readonly adminUrl: string;
  /** `200`, or why it is not ready. */
  readiness(): Promise<string>;
  metrics(): Promise<string>;
  logged(): string;
  shutDown(): Promise<void>;
}

interface InjectorOptions {
  readonly env?: Record<string, string>;
  readonly refreshMs?: number;
  readonly settleMs?: number;
}

/** An injector in this process, on free ports, gone when the test ends. */
export async function startInjector(
  test: TestContext,
  api: ApiServer,
  { env = {}, refreshMs = 50, settleMs = 1000 }: InjectorOptions = {},
): Promise<RunningInjector> {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  const logFile = join(folder, 'log');
  const logSink = createLogger('debug', openSync(logFile, 'a'));
  const config = loadConfig({ text: '', env: { ...injectorEnv(api), ...env }, needsKey: false });
  const injector = createInjector(config, logSink, { clock: systemClock, refreshMs, settleMs });
  const { webhookUrl, adminUrl } = await injector.listen();
  let stopped: Promise<void> | undefined;
  const shutDown = () => (stopped ??= injector.shutDown());
  test.after(async () => {
    await shutDown();
    rmSync(folder, { recursive: true });
  });
  return {
    port: Number(new URL(webhookUrl).port),
    adminUrl,
    async readiness() {
      const { status, body } = await get(`${adminUrl}/readyz`);
      return status === 200 ? '200' : body.trim();
    },
    metrics: async () => (await get(`${adminUrl}/metrics`)).body,
    logged() {
      logSink.flush();
      return readFileSync(logFile, 'utf8');
    },
    shutDown,
  };
}

export function injectorEnv(api: ApiServer): Record<string, string> {
  return {
    ASSISTANT_PROXY_INJECTOR_IMAGE: 'assistant-proxy:0.1.0',
    ASSISTANT_PROXY_INJECTOR_HOST: '127.0.0.1',
    ASSISTANT_PROXY_INJECTOR_PORT: '0',
    ASSISTANT_PROXY_ADMIN_PORT: '0',
    ASSISTANT_PROXY_INJECTOR_API_SERVER_URL: api.url,
    ASSISTANT_PROXY_INJECTOR_SERVICE_ACCOUNT_DIR: api.serviceAccountDir,
  };
}

async function get(url: string): Promise<{ status: number; body: string }> {
  const answer = await fetch(url);
  return { status: answer.status, body: await answer.text() };
}

/** As the chart makes it. */
export function addWebhookConfiguration(api: ApiServer): void {
  const clientConfig = {
    service: { name: 'assistant-proxy-injector', namespace: 'system', path: '/mutate' },
  };
  const webhook = (name: string) => ({
    name: `${name}.assistant-proxy.io`,
    admissionReviewVersions: ['v1'],
    sideEffects: 'NoneOnDryRun',
    clientConfig,
  });
  api.put(configurationPath, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'assistant-proxy-injector' },
    webhooks: [webhook('namespaces'), webhook('pods')],
  });
}

/** In PEM, whom the API server trusts; the same for every webhook of the configuration. */
export function publishedBundle(api: ApiServer): string {
  const { webhooks } = api.get(configurationPath) as unknown as {
    webhooks: { clientConfig: { caBundle?: string } }[];
  };
  const bundles = new Set(webhooks.map(({ clientConfig }) => clientConfig.caBundle ?? ''));
  if (bundles.size !== 1) throw new Error('the webhooks have different bundles');
  return Buffer.from([...bundles][0]!, 'base64').toString();
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 1500; attempt += 1) {
    if (await holds()) return;
    await sleep(20);
  }
  throw new Error(`it never came to this: ${what}`);
}

interface Call {
  readonly port: number;
  /** PEM; what else the caller trusts counts for nothing. */
  readonly ca: string;
  readonly body: string | Buffer;
  readonly path?: string;
  readonly type?: string;
  readonly method?: string;
}

/** Calls as the API server does: it knows the Service's name, and trusts the configuration's bundle alone. */
export function call({
  port,
  ca,
  body,
  path = '/mutate?timeout=10s',
  type = 'application/json',
  method = 'POST',
}: Call) {
  return new Promise<{ status: number; body: string; certificate: string }>((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      ca,
      servername: serviceName,
      path,
      method,
      agent: false,
    } as const;
    const sending = request(
      { ...options, headers: { 'content-type': type, host: serviceName } },
      async (response) => {
        const { fingerprint256: certificate } = (
          response.socket as unknown as { getPeerCertificate(): { fingerprint256: string } }
        ).getPeerCertificate();
        resolve({ status: response.statusCode!, body: await text(response), certificate });
      },
    );
    sending.on('error', reject);
    sending.end(body);
  });
}

export function reviewOf(object: unknown, request: object = {}): object {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: 'u-1', operation: 'CREATE', namespace: 'shop', object, ...request },
  };
}

export interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly patchType?: string;
  readonly patch?: string;
  readonly warnings?: string[];
  readonly status?: { readonly code: number; readonly message: string };
}

export function responseIn(body: string): AdmissionResponse {
  return (JSON.parse(body) as { response: AdmissionResponse }).response;
}

import { mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createApp } from '../../src/app.ts';
import { openConfig } from '../../src/config/open-config.ts';
import type { BudgetReport } from '../../src/ledger/budget-report.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import type { Lifetime } from './lifetime.ts';

export interface Sidecar {
  /** With `/v1`, as an application would set OPENAI_BASE_URL. */
  readonly url: string;
  readonly port: number;
  readonly adminUrl: string;
  /** Everything logged so far, parsed. */
  logLines(): Record<string, unknown>[];
  metrics(): Promise<string>;
  budgets(): Promise<BudgetReport[]>;
  /** Changes the text of its configuration file, which it follows by itself. */
  writeConfig(text: string): void;
  removeConfig(): void;
  /** Resolves to false if a running request had to be cut. */
  shutDown(): Promise<boolean>;
}

export interface SidecarOptions {
  readonly upstreamUrl: string;
  /** Environment of the sidecar: `ASSISTANT_PROXY_...`. */
  readonly env?: Record<string, string>;
  /** What its pod is called. */
  readonly pod?: string;
  /** Text of its configuration file. The state of the embedded store is the sidecar's own unless this says else. */
  readonly config?: string;
}

/** The key that the sidecar, and nobody else, knows; a stand-in accepts no other. */
export const upstreamKey = 'sk-stand-in';

/** A sidecar in this process, on free ports, gone when the test ends. */
export async function startSidecar(test: Lifetime, options: SidecarOptions): Promise<Sidecar> {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  const logFile = join(folder, 'log');
  const logDescriptor = openSync(logFile, 'a');
  const file = join(folder, 'config.yaml');
  writeFileSync(file, options.config ?? '');
  const open = openConfig({
    file,
    env: {
      ASSISTANT_PROXY_STORE_STATE_DIR: join(folder, 'state'),
      OPENAI_API_KEY: upstreamKey,
      ASSISTANT_PROXY_LISTEN_PORT: '0',
      ASSISTANT_PROXY_ADMIN_PORT: '0',
      ASSISTANT_PROXY_UPSTREAM_BASE_URL: options.upstreamUrl,
      ...options.env,
    },
  });
  const logSink = createLogger('debug', logDescriptor, open.config.telemetry.auditFile);
  const app = await createApp(open, logSink, { pod: options.pod, lookEveryMs: 50 });
  const opened = await app.listen();
  const [proxyUrl, adminUrl] = [onLoopback(opened.proxyUrl), onLoopback(opened.adminUrl)];
  let stopped: Promise<boolean> | undefined;
  const shutDown = () => (stopped ??= app.shutDown());
  test.after(async () => {
    await shutDown();
    rmSync(folder, { recursive: true });
  });
  return {
    url: proxyUrl,
    port: Number(new URL(proxyUrl).port),
    adminUrl,
    logLines() {
      logSink.flush();
      const lines = readFileSync(logFile, 'utf8').split('\n').filter(Boolean);
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    metrics: async () => (await fetch(`${adminUrl}/metrics`)).text(),
    budgets: async () => (await (await fetch(`${adminUrl}/budgets`)).json()) as BudgetReport[],
    writeConfig(text) {
      // As editors and the kubelet do: nobody reads half of it.
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    },
    removeConfig: () => rmSync(file),
    shutDown,
  };
}

/** Who listens on every address is called by the one that each machine has. */
function onLoopback(url: string): string {
  return url.replace(/\/\/(\[::\]|0\.0\.0\.0):/, '//127.0.0.1:');
}

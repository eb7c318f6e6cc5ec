import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import type { Lifetime } from '../../harness/lifetime.ts';
import { until } from '../../injector/start-injector.ts';
import type { Installed } from './install-chart.ts';
import type { Cluster } from './start-cluster.ts';

const root = join(import.meta.dirname, '../../..');

export interface SpawnedInjector {
  /** Of the webhook. */
  readonly port: number;
  readonly adminUrl: string;
  /** `200`, or why it is not ready. */
  readiness(): Promise<string>;
  metrics(): Promise<string>;
  /** Everything written so far. */
  output(): string;
  /** Resolves to the exit code when the process has ended; null if the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** The environment of an injector's pod, but for its ports and for where the API server and the mounted files are. */
export function injectorEnv({ url }: Cluster, { serviceAccountDir, configFile }: Installed) {
  return {
    ASSISTANT_PROXY_CONFIG: configFile,
    ASSISTANT_PROXY_INJECTOR_HOST: '127.0.0.1',
    ASSISTANT_PROXY_INJECTOR_PORT: '0',
    ASSISTANT_PROXY_ADMIN_HOST: '127.0.0.1',
    ASSISTANT_PROXY_ADMIN_PORT: '0',
    ASSISTANT_PROXY_INJECTOR_API_SERVER_URL: url,
    ASSISTANT_PROXY_INJECTOR_SERVICE_ACCOUNT_DIR: serviceAccountDir,
  };
}

/** `npm start -- inject` with the chart's configuration and service account. It need not be ready yet. */
export async function spawnInjector(
  lifetime: Lifetime,
  cluster: Cluster,
  installed: Installed,
  env: Record<string, string> = {},
): Promise<SpawnedInjector> {
  const child = spawn(process.execPath, ['src/main.ts', 'inject'], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...injectorEnv(cluster, installed), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return exited;
  };
  lifetime.after(async () => void (await end('SIGKILL')));
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString('utf8')));
  await until('an injector listens', () => {
    if (child.exitCode !== null) throw new Error(`the injector ended: ${output}`);
    return /"listening".*\n/.test(output);
  });
  const listening = output.split('\n').find((line) => line.includes('"listening"'))!;
  const { webhookUrl, adminUrl } = JSON.parse(listening) as { webhookUrl: string; adminUrl: string };
  return {
    port: Number(new URL(webhookUrl).port),
    adminUrl,
    async readiness() {
      const answer = await fetch(`${adminUrl}/readyz`);
      return answer.status === 200 ? '200' : (await answer.text()).trim();
    },
    metrics: async () => (await fetch(`${adminUrl}/metrics`)).text(),
    output: () => output,
    end,
  };
}

/** As an injector's pod comes up: it becomes ready, and then the Service leads to it. */
export async function spawnReady(
  lifetime: Lifetime,
  cluster: Cluster,
  installed: Installed,
  env: Record<string, string> = {},
): Promise<SpawnedInjector> {
  const injector = await spawnInjector(lifetime, cluster, installed, env);
  await until('ready', async () => (await injector.readiness()) === '200');
  installed.service.setTargets([injector.port]);
  return injector;
}

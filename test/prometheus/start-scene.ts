import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';

import { freePort } from '../harness/free-port.ts';
import type { Lifetime } from '../harness/lifetime.ts';
import { type RunningProcess, spawnSidecar } from '../harness/processes.ts';
import { type RunningRedis, startRedis } from '../harness/redis.ts';
import { type StandIn, startStandIn } from '../stand-in/stand-in.ts';
import type { Authority } from '../upstream/certificates.ts';
import type { Target } from './start-prometheus.ts';
import { startProvider } from './start-provider.ts';

/** Sidecars as they are deployed, with all that may be configured, and what they depend on. */
export interface Scene {
  readonly standIn: StandIn;
  readonly redis: RunningRedis;
  /** Serves applications, with a fallback behind TLS. */
  readonly shop: RunningProcess;
  /** Before an upstream of its own that fails, with an analyzer that is away. */
  readonly lab: RunningProcess;
  readonly labStandIn: StandIn;
  /** Adds lines to the lab's configuration. */
  reconfigureLab(lines: string): void;
  /** Of another organisation. Is killed and starts again, on the same ports. */
  readonly annex: Annex;
  /** Where Prometheus finds them. */
  readonly targets: readonly Target[];
}

interface Annex {
  readonly current: RunningProcess;
  killAndRestart(): Promise<void>;
}

/** Where nobody listens. */
const nobody = '127.0.0.1:1';

const everywhere = `
thresholdPercents: [1, 50, 80, 95]
retry: { baseMs: 1, maxMs: 50 }
`;

export async function startScene(lifetime: Lifetime, authority: Authority): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'scene-'));
  lifetime.after(async () => rmSync(folder, { recursive: true }));
  const keyFile = join(folder, 'keys');
  writeFileSync(keyFile, `test:${randomBytes(32).toString('base64')}\n`);
  const redis = await startRedis(lifetime, { aof: true });
  const standIn = await startStandIn({ chunkDelayMs: 2 });
  const labStandIn = await startStandIn({});
  lifetime.after(() => standIn.close());
  lifetime.after(() => labStandIn.close());
  const start = (name: string, upstreamUrl: string, config: string, adminPort = 0) => {
    const file = join(folder, `${name}.yaml`);
    const state = join(folder, `state-${name}`);
    // Long enough for the annex to be back, and scraped, before what it left behind lapses.
    const store = `store: { redisUrl: '${redis.url}', stateDir: ${state}, timeoutMs: 1000, leaseMs: 8000 }`;
    writeFileSync(file, `${store}\n${everywhere}${config}`);
    return spawnSidecar(lifetime, upstreamUrl, {
      ASSISTANT_PROXY_CONFIG: file,
      ASSISTANT_PROXY_ADMIN_PORT: String(adminPort),
    });
  };
  const eu = await startTlsBefore(lifetime, authority, standIn.port);
  const provider = await startProvider(lifetime, redis.url, ['acme', 'annex']);
  const shop = await start(
    'shop',
    standIn.url,
    shopConfig({ eu, provider, caFile: authority.caFile, keyFile }),
  );
  const lab = await start('lab', labStandIn.url, labConfig);
  const annexPort = await freePort();
  const startAnnex = () => start('annex', standIn.url, annexConfig, annexPort);
  const annex = {
    current: await startAnnex(),
    async killAndRestart() {
      annex.current.signal('SIGKILL');
      await annex.current.exitCode;
      annex.current = await startAnnex();
    },
  };
  const targets = [
    { address: hostOf(shop), labels: { namespace: 'shop', pod: 'shop-1' } },
    { address: hostOf(lab) },
    { address: hostOf(annex.current) },
  ];
  const reconfigureLab = (lines: string) => appendFileSync(join(folder, 'lab.yaml'), `\n${lines}`);
  return { standIn, redis, shop, lab, labStandIn, annex, targets, reconfigureLab };
}

function hostOf({ adminUrl }: RunningProcess): string {
  return new URL(adminUrl).host;
}

interface ShopParts {
  readonly eu: string;
  readonly provider: string;
  readonly caFile: string;
  readonly keyFile: string;
}

function shopConfig({ eu, provider, caFile, keyFile }: ShopParts): string {
  return `
identity: { org: acme, team: [metadata.team], app: ['header:x-app'], user: [metadata.user_id] }
upstream: { caFile: ${caFile}, fallbacks: [{ name: eu, baseUrl: '${eu}', apiKey: sk-stand-in }] }
timeouts: { generation: { firstByteMs: 1500 } }
budgets:
  - { name: org-month, limit: { tokens: 5000000, usd: 900 }, window: { every: month } }
  - { name: team-day, per: [team], limit: { tokens: 50000 }, window: { every: day } }
  - { name: user-week, per: [user], limit: { usd: 5 }, window: { rolling: 7d } }
  - { name: tiny, match: { team: poor }, limit: { tokens: 300 }, window: { every: day } }
  - { name: trial, limit: { tokens: 1000 }, window: { every: day }, mode: observe }
limits:
  - { name: hasty-requests, match: { team: hasty }, requests: { rate: 1, per: second, burst: 1 } }
  - { name: patient-requests, match: { team: patient }, requests: { rate: 4, per: second, burst: 1 }, waitUpToMs: 2000 }
  - { name: one-at-a-time, match: { team: single }, concurrency: 1 }
estimates: { conversationTokens: 0 }
redaction:
  mode: pseudonymize
  encryptionKeyFile: ${keyFile}
  hashKey: ${'k'.repeat(32)}
  optOut: allow
  entities:
    - { name: PHONE, mode: mask }
    - { name: IP_ADDRESS, mode: hash }
    - { name: IBAN, mode: observe }
  custom: [{ name: project, pattern: 'Project [A-Z]+', mode: block }]
drift: { adminKey: sk-admin, baseUrl: '${provider}', delayMinutes: 0 }
webhook: { url: 'http://${nobody}/' }
telemetry: { maxBudgetScopes: 4 }
`;
}

const labConfig = `
identity: { org: acme, team: [metadata.team] }
budgets: [{ name: lab-day, limit: { tokens: 1000000 }, window: { every: day } }]
circuit: { minCalls: 4, windowMs: 2000, openMs: 1500 }
overload: { maxConcurrent: 1, maxQueued: 3 }
redaction:
  mode: mask
  analyzer: { url: 'http://${nobody}', timeoutMs: 300, onFailure: skip }
`;

const annexConfig = `
identity: { org: annex }
drift: { adminKey: sk-admin, baseUrl: 'http://${nobody}/v1' }
budgets: [{ name: annex-day, limit: { tokens: 1000000 }, window: { every: day } }]
`;

/** The same upstream behind a certificate of this test. Resolves to its URL. */
async function startTlsBefore(lifetime: Lifetime, authority: Authority, port: number): Promise<string> {
  const server = createTlsServer(authority.issue(), (socket) => {
    const behind = connect(port, '127.0.0.1');
    const drop = () => {
      socket.destroy();
      behind.destroy();
    };
    socket.on('error', drop).on('close', drop);
    behind.on('error', drop).on('close', drop);
    socket.pipe(behind).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  lifetime.after(async () => void server.close());
  return `https://localhost:${(server.address() as AddressInfo).port}/v1`;
}

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { type Clock, systemClock } from '../clock.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/schema.ts';
import { listenOn } from '../server/listen-on.ts';
import type { LogSink } from '../telemetry/logger.ts';
import type { CertificateSource, ServingCertificate } from './certificates/certificate-source.ts';
import { createFileCertificate } from './certificates/file-certificate.ts';
import { createInjectorAdmin } from './injector-admin.ts';
import { createInjectorMetrics } from './injector-metrics.ts';
import { createKubernetesClient, type KubernetesClient } from './kubernetes/kubernetes-client.ts';
import { readServiceAccount } from './kubernetes/service-account.ts';
import { createEventTeller } from './kubernetes/tell-events.ts';
import { createWebhookServer } from './webhook-server.ts';

export interface Injector {
  /** Resolves when both ports are open. The first certificate may come later: until then it is not ready. */
  listen(): Promise<{ webhookUrl: string; adminUrl: string }>;
  /** Answers what has come, and nothing new. */
  shutDown(): Promise<void>;
}

interface Timing {
  readonly clock: Clock;
  /** How often the certificate is looked after. */
  readonly refreshMs: number;
  /** How long every API server may take to trust a new authority. */
  readonly settleMs: number;
}

/** How often is looked while there is no certificate: another injector may be about to make it. */
const firstLookMs = 1000;

const usualTiming: Timing = { clock: systemClock, refreshMs: 10_000, settleMs: 300_000 };

/** The injector's own composition root: the admission webhook and what it needs. Throws a `ConfigError`. */
export function createInjector(
  { injector: settings, admin }: Config,
  { log, close: closeLog }: LogSink,
  { clock, refreshMs, settleMs }: Timing = usualTiming,
): Injector {
  if (settings.image === '') {
    const message =
      "names no image for the sidecars; set it to the injector's own (ASSISTANT_PROXY_INJECTOR_IMAGE)";
    throw new ConfigError([{ path: 'injector.image', message }]);
  }
  const metrics = createInjectorMetrics();
  const account = readServiceAccount(settings.serviceAccountDir);
  const client = createKubernetesClient(settings.apiServerUrl, account);
  const stopping = new AbortController();
  let serving: ServingCertificate | undefined;

  const tellEvents = createEventTeller({
    client,
    clock,
    instance: hostname(),
    onLost(error) {
      metrics.eventLost();
      log.debug({ cause: error.message }, 'Event not written');
    },
  });
  const webhook = createWebhookServer({
    settings,
    metrics,
    onNotice: settings.events ? tellEvents : () => {},
    onInternalError: (error) => log.error({ stack: error.stack }, 'internal error'),
  });
  const adminServer = createInjectorAdmin({
    metrics,
    whyNotReady() {
      if (stopping.signal.aborted) return 'draining';
      if (serving === undefined) return 'there is no certificate yet';
      return serving.expiresAtUnixMs > clock.unixMs() ? '' : 'the certificate has expired';
    },
  });
  const onProblem = (error: Error) => {
    metrics.certificateFailed();
    log.error({ cause: error.message }, 'certificate not looked after; it is tried again');
  };

  async function keepCertificate(): Promise<void> {
    let source: CertificateSource | undefined;
    while (!stopping.signal.aborted) {
      try {
        source ??= await openSource({
          settings,
          client,
          account,
          clock,
          settleMs,
          onProblem,
          onLeading: metrics.leads,
        });
        serve(await source.refresh());
      } catch (error) {
        onProblem(error as Error);
      }
      const waitMs = serving === undefined ? Math.min(refreshMs, firstLookMs) : refreshMs;
      await clock.sleep(waitMs, stopping.signal).catch(() => {});
    }
    await source?.close().catch(() => {});
  }

  /** Calls that run on the last certificate go on with it; new connections get this one. */
  function serve(found: ServingCertificate | undefined): void {
    if (found === undefined || found.certificate === serving?.certificate) return;
    webhook.server.setSecureContext({ cert: found.certificate, key: found.key });
    serving = found;
    metrics.certificateServed(found);
    log.info({ expiresAt: new Date(found.expiresAtUnixMs).toISOString() }, 'certificate in use');
  }

  let kept: Promise<void> | undefined;
  return {
    async listen() {
      const adminUrl = await listenOn(adminServer, admin);
      const webhookUrl = await listenOn(webhook, settings);
      kept = keepCertificate();
      return { webhookUrl, adminUrl };
    },
    async shutDown() {
      stopping.abort();
      await webhook.close();
      await kept;
      await client.close();
      await adminServer.close();
      await closeLog();
    },
  };
}

interface SourceParts {
  readonly settings: Config['injector'];
  readonly client: KubernetesClient;
  readonly account: { namespace(): Promise<string> };
  readonly clock: Clock;
  readonly settleMs: number;
  onProblem(error: Error): void;
  onLeading(isLeader: boolean): void;
}

async function openSource({ settings, account, ...parts }: SourceParts): Promise<CertificateSource> {
  if (settings.certificates === 'files') {
    parts.onLeading(true);
    return createFileCertificate(settings.certificateFile, settings.keyFile);
  }
  // Loaded where certificates are made, and nowhere else.
  const { createSelfCertificate } = await import('./certificates/self-certificate.ts');
  const namespace = settings.namespace || (await account.namespace());
  return createSelfCertificate({
    ...settings,
    ...parts,
    namespace,
    identity: `${hostname()}_${randomUUID()}`,
  });
}

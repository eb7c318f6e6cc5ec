import { createAdminServer } from './admin/admin-server.ts';
import type { Config } from './config/schema.ts';
import { createPipeline } from './pipeline.ts';
import { createDataPlane } from './server/data-plane.ts';
import type { LogSink } from './telemetry/logger.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { createDispatcher } from './upstream/dispatcher.ts';
import { forward } from './upstream/forward.ts';
import { fixedKey, watchKeyFile } from './watched-key.ts';

export interface App {
  /** Resolves when both ports are open. */
  listen(): Promise<{ proxyUrl: string; adminUrl: string }>;
  /** Serves what runs, refuses what is new. False if something had to be cut at the end of the grace period. */
  shutDown(): Promise<boolean>;
}

/** The composition root: the only place where things are constructed. */
export function createApp(config: Config, { log, close: closeLog }: LogSink): App {
  const { listen, admin, upstream, telemetry, shutdown } = config;
  const metrics = createMetrics(telemetry.maxModelLabels);
  const key =
    upstream.apiKeyFile === ''
      ? fixedKey(upstream.apiKey)
      : watchKeyFile({ file: upstream.apiKeyFile, path: 'upstream.apiKeyFile', minLength: 1 }, (error) =>
          log.error({ cause: error.message }, 'key not reread'),
        );
  const dispatcher = createDispatcher(upstream);
  const { dialect, organization, project } = upstream;
  const handler = createPipeline({
    upstream: forward({
      baseUrl: upstream.baseUrl,
      identity: { dialect, apiKey: key.read, organization, project },
      dispatcher,
    }),
    log,
    metrics,
    unknownOperations: upstream.unknownOperations,
    maxBodyBytes: listen.maxBodyBytes,
  });
  const dataPlane = createDataPlane({
    handler,
    headersTimeoutMs: listen.headersTimeoutMs,
    bodyIdleTimeoutMs: listen.bodyIdleTimeoutMs,
    onRefused(code, requestId) {
      metrics.refused('none', code);
      log.warn({ requestId, errorCode: code }, 'request refused at the edge');
    },
    onInternalError: (error, requestId) => log.error({ requestId, stack: error.stack }, 'internal error'),
  });
  let ready = false;
  const adminServer = createAdminServer(metrics, () => ready);

  return {
    async listen() {
      const adminUrl = await adminServer.listen({ host: admin.host, port: admin.port });
      const proxyUrl = await dataPlane.listen(listen.host, listen.port);
      ready = true;
      return { proxyUrl: `${proxyUrl}/v1`, adminUrl };
    },
    async shutDown() {
      ready = false;
      const whole = await dataPlane.drain(shutdown.gracePeriodMs);
      await dispatcher.destroy();
      key.close();
      await adminServer.close();
      await closeLog();
      return whole;
    },
  };
}

import { hostname } from 'node:os';

import manifest from '../package.json' with { type: 'json' };
import { createAdminServer } from './admin/admin-server.ts';
import { type ConductedRun, reportStatus } from './admin/report-status.ts';
import type { Serving } from './assistants/serving.ts';
import type { RunRecord } from './assistants/store/records.ts';
import { systemClock } from './clock.ts';
import { createEditions } from './composition/create-editions.ts';
import { followConfig } from './composition/follow-config.ts';
import { keepAnswers } from './composition/keep-answers.ts';
import { isGoverned, openGovernance } from './composition/open-governance.ts';
import type { OpenRedaction } from './composition/open-redaction.ts';
import { openTracing } from './composition/open-tracing.ts';
import { openUpstreams } from './composition/open-upstreams.ts';
import { serveAssistantsApi } from './composition/serve-assistants-api.ts';
import { watchLogLevel } from './composition/watch-log-level.ts';
import type { OpenConfig } from './config/open-config.ts';
import { showConfig } from './config/redact-config.ts';
import { shareDirectory } from './embedded/own-directory.ts';
import { type ErrorCode, errorTable } from './error-table.ts';
import { createBurn } from './ledger/burn.ts';
import type { Governance } from './ledger/governance.ts';
import { createTokenCounter } from './openai/count-tokens.ts';
import { createRetryBudget } from './resilience/retry-budget.ts';
import { createDataPlane } from './server/data-plane.ts';
import { listenOn } from './server/listen-on.ts';
import { type Refusal, createActivity } from './telemetry/activity.ts';
import type { LogSink } from './telemetry/logger.ts';
import { createMetrics } from './telemetry/metrics.ts';

export interface App {
  /** Resolves when both ports are open. */
  listen(): Promise<{ proxyUrl: string; adminUrl: string }>;
  /** Serves what runs, refuses what is new. False if something had to be cut at the end of the grace period. */
  shutDown(): Promise<boolean>;
}

/** How long charges may take to reach the store when the last request has ended. */
const flushTimeoutMs = 5000;
/** The same for traces, of which a few may be lost. */
const tracesTimeoutMs = 2000;

export interface AppSettings {
  /** What its pod is called. */
  readonly pod?: string | undefined;
  /** How often it looks whether its configuration has changed. */
  readonly lookEveryMs?: number;
}

/** The composition root: the only place where things are constructed. */
export async function createApp(
  open: OpenConfig,
  logSink: LogSink,
  { pod = hostname(), lookEveryMs }: AppSettings = {},
): Promise<App> {
  const { config } = open;
  const { log, logRequest, audit } = logSink;
  const { listen, admin, telemetry, shutdown } = config;
  const metrics = createMetrics({ ...telemetry, version: manifest.version });
  logSink.tellDropped((lines) => metrics.dropped('log', lines));
  const logLevel = watchLogLevel({ stateDir: config.store.stateDir, log, audit });
  const clock = systemClock;
  const activity = createActivity(clock.unixMs);
  const tracing = openTracing(config, { log, metrics });
  const own = shareDirectory(config.store.stateDir);
  const upstreams = openUpstreams(config, {
    log,
    metrics,
    clock,
    isTraced: tracing !== undefined,
    hide: telemetry.captureContent ? (text) => editions.current().hide(text) : undefined,
  });
  const counter = createTokenCounter();
  const burn = createBurn({
    isRolling: (budget) => editions.terms().isRolling(budget) === true,
    now: clock.unixMs,
  });
  const retryBudget = createRetryBudget(() => editions.terms().config.retry.budgetPercent, clock.nowMs);
  metrics.retries.budgetFrom(retryBudget.left);
  const answers = keepAnswers(config, { log, metrics, own });
  let redaction: OpenRedaction | undefined;
  let governance: Governance | undefined;
  let serving: Serving | undefined;
  const editions = createEditions({
    log,
    logRequest,
    audit,
    metrics,
    activity,
    clock,
    counter,
    tracing,
    retryBudget,
    replaying: answers.replaying,
    upstreams,
    async redaction() {
      const { openRedaction } = await import('./composition/open-redaction.ts');
      return (redaction ??= openRedaction(config, { log, audit, metrics, own }));
    },
    governance(wanted) {
      if (!governance && isGoverned(wanted)) governance = openGoverned();
      return governance;
    },
    serving: () => (serving ??= serveAssistants()),
  });
  // Before any run is taken over, which would begin a span.
  await tracing?.loaded;
  await editions.enact(config);
  let shown = showConfig(config);
  const following = followConfig(open, {
    log,
    audit,
    metrics: metrics.config,
    now: clock.unixMs,
    lookEveryMs,
    async enact(next) {
      await editions.enact(next);
      logLevel.configure(next.telemetry.logLevel);
      shown = showConfig(next);
    },
  });
  const dataPlane = createDataPlane({
    handler: (exchange) => editions.current().handler(exchange),
    headersTimeoutMs: listen.headersTimeoutMs,
    bodyIdleTimeoutMs: listen.bodyIdleTimeoutMs,
    onRefused(code, requestId) {
      metrics.requests.refused('none', code);
      activity.refused(refusalAtEdge(code, requestId));
      log.warn({ requestId, errorCode: code }, 'request refused at the edge');
    },
    onInternalError: (error, requestId) => log.error({ requestId, stack: error.stack }, 'internal error'),
  });
  let ready = false;
  const adminServer = createAdminServer({
    metrics,
    isReady: () => ready,
    budgets: async () => (await governance?.report()) ?? [],
    consoleAudience: admin.console,
    status: reportStatus({
      version: manifest.version,
      pod,
      isReady: () => ready,
      activity,
      upstreams: upstreams.states,
      runs: () => (serving?.runs() ?? []).map(toldRun),
      ledger: () =>
        governance && {
          budgets: governance.report,
          pendingCharges: governance.pendingCharges,
          burn,
          onOutage: editions.terms().config.onStoreOutage,
        },
      askAssistants: serving?.ask,
      storeKind: config.store.redisUrl === '' ? 'embedded' : 'redis',
      configuration: () => shown,
      followed: following.state,
      now: clock.unixMs,
    }),
  });

  return {
    async listen() {
      const adminUrl = await listenOn(adminServer, admin);
      const proxyUrl = await dataPlane.listen(listen.host, listen.port);
      ready = true;
      return { proxyUrl: `${proxyUrl}/v1`, adminUrl };
    },
    async shutDown() {
      ready = false;
      await following.close();
      const grace = shutdown.gracePeriodMs;
      const cutAtMs = performance.now() + grace;
      const drained = await Promise.all([dataPlane.drain(grace), serving?.drain(grace)]);
      // Behind those whose callers wait: any of these may have left a call with a key to go on by itself.
      drained.push(await answers.drain(Math.max(0, cutAtMs - performance.now())));
      const isWhole = drained.every((whole) => whole !== false);
      // Not before the last request, which may ask for what is stored.
      await serving?.close();
      await answers.close(flushTimeoutMs);
      const isSettled = (await governance?.close(flushTimeoutMs)) ?? true;
      if (!isSettled) log.error('charges could not reach the store; their holds will lapse');
      await upstreams.close();
      await redaction?.close();
      await counter.close();
      editions.close();
      // Behind all that may still tell of something.
      await tracing?.close(tracesTimeoutMs);
      await adminServer.close();
      logLevel.close();
      await logSink.close();
      return isWhole && isSettled;
    },
  };

  function openGoverned(): Governance {
    const { bare: upstream } = upstreams;
    const { terms, orgs } = editions;
    return openGovernance(config, { log, audit, metrics, burn, counter, own, upstream, terms, orgs });
  }

  function serveAssistants(): Serving | undefined {
    return serveAssistantsApi(config, {
      log,
      metrics,
      counter,
      own,
      modelCalls: (exchange) => editions.current().modelCalls(exchange),
      tracing,
      orgs: editions.orgs,
      defaults: () => editions.terms().config.defaults,
    });
  }
}

/** What never became a call has neither an operation nor a caller. */
function refusalAtEdge(code: ErrorCode, requestId: string | undefined): Refusal {
  const { status, message } = errorTable[code];
  return {
    code,
    status,
    operation: 'none',
    rule: undefined,
    message,
    requestId,
    model: '',
    identity: undefined,
  };
}

function toldRun({ run, identity }: RunRecord): ConductedRun {
  const { id: runId, thread_id: threadId, status, model, created_at: createdAtSeconds } = run;
  return { runId, threadId, status, model, createdAtMs: createdAtSeconds * 1000, ...identity };
}

import { hostname } from 'node:os';

import manifest from '../package.json' with { type: 'json' };
import { createAdminServer } from './admin/admin-server.ts';
import { type ConductedRun, reportStatus } from './admin/report-status.ts';
import type { RunRecord } from './assistants/store/records.ts';
import { createCallerKeys } from './auth/caller-keys.ts';
import { systemClock } from './clock.ts';
import { keepAnswers } from './composition/keep-answers.ts';
import { openGovernance } from './composition/open-governance.ts';
import type { OpenRedaction, RedactionParts } from './composition/open-redaction.ts';
import { openTracing } from './composition/open-tracing.ts';
import { openUpstreams } from './composition/open-upstreams.ts';
import { resolveTimeouts } from './composition/resolve-timeouts.ts';
import { serveAssistantsApi } from './composition/serve-assistants-api.ts';
import { watchLogLevel } from './composition/watch-log-level.ts';
import { showConfig } from './config/redact-config.ts';
import type { Config } from './config/schema.ts';
import { shareDirectory } from './embedded/own-directory.ts';
import { type ErrorCode, errorTable } from './errors.ts';
import { createBurn } from './ledger/burn.ts';
import { priceAnswers } from './openai/cost-of-answer.ts';
import { createTokenCounter } from './openai/count-tokens.ts';
import { createPriceTable } from './openai/prices.ts';
import { createCallPath, createModelCalls, createPipeline } from './pipeline.ts';
import { hideWith } from './redaction/find-at-once.ts';
import { createModes } from './redaction/modes.ts';
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

/** The composition root: the only place where things are constructed. */
export async function createApp(config: Config, logSink: LogSink, pod = hostname()): Promise<App> {
  const { log, audit } = logSink;
  const { listen, admin, upstream, models, telemetry, shutdown } = config;
  const metrics = createMetrics({ ...telemetry, version: manifest.version });
  logSink.tellDropped((lines) => metrics.dropped('log', lines));
  const logLevel = watchLogLevel({ stateDir: config.store.stateDir, log, audit });
  const prices = createPriceTable(models.prices, models.fallbackPrice);
  const costOf = priceAnswers(prices);
  const clock = systemClock;
  const activity = createActivity(clock.unixMs);
  const tracing = openTracing(config, { log, metrics });
  const own = shareDirectory(config.store.stateDir);
  const redaction = await redacted(config, { log, audit, metrics, own });
  const { redacting, digestPattern } = redaction ?? {};
  const hide = telemetry.captureContent ? hideWith(redacting) : undefined;
  const upstreams = openUpstreams(config, { log, metrics, clock, isTraced: tracing !== undefined, hide });
  const callers =
    config.auth.keys.length === 0
      ? undefined
      : createCallerKeys(config.auth.keys, (error) => log.error({ cause: error.message }, 'key not reread'));
  const counter = createTokenCounter();
  const burn = createBurn({ rolling: rollingBudgets(config), now: clock.unixMs });
  const governance = openGovernance(config, {
    log,
    audit,
    metrics,
    burn,
    prices,
    counter,
    own,
    digestPattern,
    upstream: upstreams.bare,
  });
  const retryBudget = createRetryBudget(config.retry.budgetPercent, clock.nowMs);
  metrics.retries.budgetFrom(retryBudget.left);
  const callPath = createCallPath({
    primary: upstreams.primary.handler,
    timeouts: resolveTimeouts(config),
    clock,
    dialect: upstream.dialect,
    holding: governance && { ...governance, counter },
    retrying: {
      ...config.retry,
      random: Math.random,
      budget: retryBudget,
      findGeneration: upstreams.findGeneration,
      fallbacks: upstreams.fallbacks,
      resting: upstreams.primary.resting,
      clock,
      metrics: metrics.retries,
      log,
    },
  });
  const modelCalls = createModelCalls(callPath, { log, audit, metrics, activity, costOf, redacting });
  // Before any run is taken over, which would begin a span.
  await tracing?.loaded;
  const serving = serveAssistantsApi(config, { log, metrics, counter, own, modelCalls, tracing });
  const answers = keepAnswers(config, { log, metrics, own });
  const handler = createPipeline({
    callPath,
    replaying: answers.replaying,
    serving,
    redacting,
    log,
    audit,
    metrics,
    activity,
    costOf,
    tracing,
    unknownOperations: upstream.unknownOperations,
    maxBodyBytes: listen.maxBodyBytes,
    callers,
    identitySources: config.identity,
  });
  const dataPlane = createDataPlane({
    handler,
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
      ledger: governance && {
        budgets: governance.report,
        pendingCharges: governance.pendingCharges,
        burn,
        onOutage: config.onStoreOutage,
      },
      askAssistants: serving?.ask,
      storeKind: config.store.redisUrl === '' ? 'embedded' : 'redis',
      configuration: showConfig(config),
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
      callers?.close();
      // Behind all that may still tell of something.
      await tracing?.close(tracesTimeoutMs);
      await adminServer.close();
      logLevel.close();
      await logSink.close();
      return isWhole && isSettled;
    },
  };
}

/** Undefined if nothing is looked for: then what finds it, which takes its time to load, stays on the disk. */
async function redacted(config: Config, parts: RedactionParts): Promise<OpenRedaction | undefined> {
  const modes = createModes(config.redaction);
  if (!modes.isOn) return undefined;
  const { openRedaction } = await import('./composition/open-redaction.ts');
  return openRedaction(config, modes, parts);
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

function rollingBudgets({ budgets }: Config): ReadonlySet<string> {
  return new Set(budgets.flatMap(({ name, window }) => (window.rolling === undefined ? [] : [name])));
}

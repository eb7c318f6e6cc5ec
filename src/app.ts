import { createAdminServer } from './admin/admin-server.ts';
import { createCallerKeys } from './auth/caller-keys.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config/schema.ts';
import { type Ownership, shareDirectory } from './embedded/own-directory.ts';
import type { Handler } from './exchange.ts';
import { keepAnswers } from './keep-answers.ts';
import { announce } from './ledger/announce.ts';
import { type Governance, govern } from './ledger/governance.ts';
import type { DigestPattern } from './ledger/match-facts.ts';
import { createRules } from './ledger/rules.ts';
import { openLedger } from './open-ledger.ts';
import type { OpenRedaction, RedactionParts } from './open-redaction.ts';
import { openUpstreams } from './open-upstreams.ts';
import { type TokenCounter, createTokenCounter } from './openai/count-tokens.ts';
import { createPriceTable } from './openai/prices.ts';
import { orgsOf } from './orgs.ts';
import { createCallPath, createModelCalls, createPipeline } from './pipeline.ts';
import type { Timeouts, TimeoutsByClass } from './policies/time-out.ts';
import { createModes } from './redaction/modes.ts';
import { createRetryBudget } from './resilience/retry-budget.ts';
import { serveAssistantsApi } from './serve-assistants-api.ts';
import { createDataPlane } from './server/data-plane.ts';
import type { LogSink } from './telemetry/logger.ts';
import { type Metrics, createMetrics } from './telemetry/metrics.ts';
import { createWebhook } from './telemetry/webhook.ts';

export interface App {
  /** Resolves when both ports are open. */
  listen(): Promise<{ proxyUrl: string; adminUrl: string }>;
  /** Serves what runs, refuses what is new. False if something had to be cut at the end of the grace period. */
  shutDown(): Promise<boolean>;
}

/** How long charges may take to reach the store when the last request has ended. */
const flushTimeoutMs = 5000;

/** The composition root: the only place where things are constructed. */
export async function createApp(config: Config, { log, close: closeLog }: LogSink): Promise<App> {
  const { listen, admin, upstream, telemetry, shutdown } = config;
  const metrics = createMetrics(telemetry.maxModelLabels);
  const clock = systemClock;
  const upstreams = openUpstreams(config, { log, metrics, clock });
  const callers =
    config.auth.keys.length === 0
      ? undefined
      : createCallerKeys(config.auth.keys, (error) => log.error({ cause: error.message }, 'key not reread'));
  const counter = createTokenCounter();
  const own = shareDirectory(config.store.stateDir);
  const redaction = await redacted(config, { log, metrics, own });
  const { digestPattern } = redaction ?? {};
  const governance = governed(config, {
    log,
    metrics,
    counter,
    own,
    digestPattern,
    upstream: upstreams.bare,
  });
  const callPath = createCallPath({
    primary: upstreams.primary.handler,
    timeouts: resolveTimeouts(config),
    clock,
    holding: governance && { ...governance, counter },
    retrying: {
      ...config.retry,
      random: Math.random,
      budget: createRetryBudget(config.retry.budgetPercent, clock.nowMs),
      findGeneration: upstreams.findGeneration,
      fallbacks: upstreams.fallbacks,
      resting: upstreams.primary.resting,
      clock,
      metrics: metrics.retries,
    },
  });
  const modelCalls = createModelCalls(callPath, { log, metrics, redacting: redaction?.redacting });
  const serving = serveAssistantsApi(config, { log, counter, own, modelCalls });
  const answers = keepAnswers(config, { log, metrics, own });
  const handler = createPipeline({
    callPath,
    replaying: answers.replaying,
    serving,
    redacting: redaction?.redacting,
    log,
    metrics,
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
      metrics.refused('none', code);
      log.warn({ requestId, errorCode: code }, 'request refused at the edge');
    },
    onInternalError: (error, requestId) => log.error({ requestId, stack: error.stack }, 'internal error'),
  });
  let ready = false;
  const adminServer = createAdminServer({
    metrics,
    isReady: () => ready,
    budgets: async () => (await governance?.report()) ?? [],
  });

  return {
    async listen() {
      const adminUrl = await adminServer.listen({ host: admin.host, port: admin.port });
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
      await adminServer.close();
      await closeLog();
      return isWhole && isSettled;
    },
  };
}

/** Undefined if nothing is looked for: then what finds it, which takes its time to load, stays on the disk. */
async function redacted(config: Config, parts: RedactionParts): Promise<OpenRedaction | undefined> {
  const modes = createModes(config.redaction);
  if (!modes.isOn) return undefined;
  const { openRedaction } = await import('./open-redaction.ts');
  return openRedaction(config, modes, parts);
}

/** What holds for all of an upstream holds for each class of its operations too. */
function resolveTimeouts({ timeouts, upstream }: Config): TimeoutsByClass {
  const resolved = ({ firstByteMs, idleMs, wholeMs }: Timeouts): Timeouts => ({
    firstByteMs: Math.min(firstByteMs || Infinity, upstream.headersTimeoutMs),
    idleMs: Math.min(idleMs || Infinity, upstream.bodyIdleTimeoutMs),
    wholeMs,
  });
  const { generation, lookup, transfer } = timeouts;
  return { generation: resolved(generation), lookup: resolved(lookup), transfer: resolved(transfer) };
}

interface GovernedParts {
  readonly log: LogSink['log'];
  readonly metrics: Metrics;
  readonly counter: TokenCounter;
  /** Makes the state directory this process's own. */
  own(): Ownership;
  /** Undefined: no name is hidden. */
  readonly digestPattern: DigestPattern | undefined;
  /** Answers with its usage read. */
  readonly upstream: Handler;
}

/** Undefined if nothing is budgeted or limited: then no store is opened either. */
function governed(config: Config, parts: GovernedParts): Governance | undefined {
  const { budgets, limits, store, webhook, models, onStoreOutage } = config;
  if (budgets.length === 0 && limits.length === 0) return undefined;
  const { log, metrics, counter, own, digestPattern, upstream } = parts;
  const rules = createRules(config, digestPattern);
  const events = announce({
    log,
    metrics: metrics.ledger,
    rules,
    now: Date.now,
    webhook: createWebhook({
      ...webhook,
      onError: (error) => log.error({ cause: error.message }, 'webhook not delivered'),
    }),
  });
  return govern({
    ...events,
    ...openLedger(store, {
      own,
      onError: (error) => log.warn({ cause: error.message }, 'store'),
      onNoJournal: (reason) =>
        log.warn({ cause: reason.message }, 'charges that Redis can not take are not kept on disk'),
    }),
    rules,
    prices: createPriceTable(models.prices, models.fallbackPrice),
    estimates: config.estimates,
    counter,
    substitutesOf: (model) =>
      config.upstream.fallbacks.flatMap(({ models: names }) =>
        Object.hasOwn(names, model) ? [names[model]!] : [],
      ),
    orgs: orgsOf(config),
    upstream,
    dialect: config.upstream.dialect,
    leaseMs: store.leaseMs,
    onStoreOutage,
  });
}

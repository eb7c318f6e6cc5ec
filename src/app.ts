import manifest from '../package.json' with { type: 'json' };
import { createAdminServer } from './admin/admin-server.ts';
import { createCallerKeys } from './auth/caller-keys.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config/schema.ts';
import { type Ownership, shareDirectory } from './embedded/own-directory.ts';
import type { Handler } from './exchange.ts';
import { keepAnswers } from './keep-answers.ts';
import { announce } from './ledger/announce.ts';
import { countByHour } from './ledger/count-by-hour.ts';
import { type Governance, govern } from './ledger/governance.ts';
import type { DigestPattern } from './ledger/match-facts.ts';
import { createRules } from './ledger/rules.ts';
import { isCountedByHour, openDrift } from './open-drift.ts';
import { openLedger } from './open-ledger.ts';
import type { OpenRedaction, RedactionParts } from './open-redaction.ts';
import { openUpstreams } from './open-upstreams.ts';
import { priceAnswers } from './openai/cost-of-answer.ts';
import { type TokenCounter, createTokenCounter } from './openai/count-tokens.ts';
import { type PriceTable, createPriceTable } from './openai/prices.ts';
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
import { watchLogLevel } from './watch-log-level.ts';

export interface App {
  /** Resolves when both ports are open. */
  listen(): Promise<{ proxyUrl: string; adminUrl: string }>;
  /** Serves what runs, refuses what is new. False if something had to be cut at the end of the grace period. */
  shutDown(): Promise<boolean>;
}

/** How long charges may take to reach the store when the last request has ended. */
const flushTimeoutMs = 5000;

/** The composition root: the only place where things are constructed. */
export async function createApp(config: Config, logSink: LogSink): Promise<App> {
  const { log, audit } = logSink;
  const { listen, admin, upstream, models, telemetry, shutdown } = config;
  const metrics = createMetrics({ ...telemetry, version: manifest.version });
  logSink.tellDropped((lines) => metrics.dropped('log', lines));
  const logLevel = watchLogLevel({ stateDir: config.store.stateDir, log, audit });
  const prices = createPriceTable(models.prices, models.fallbackPrice);
  const costOf = priceAnswers(prices);
  const clock = systemClock;
  const upstreams = openUpstreams(config, { log, metrics, clock });
  const callers =
    config.auth.keys.length === 0
      ? undefined
      : createCallerKeys(config.auth.keys, (error) => log.error({ cause: error.message }, 'key not reread'));
  const counter = createTokenCounter();
  const own = shareDirectory(config.store.stateDir);
  const redaction = await redacted(config, { log, audit, metrics, own });
  const { digestPattern } = redaction ?? {};
  const governance = governed(config, {
    log,
    audit,
    metrics,
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
  const modelCalls = createModelCalls(callPath, {
    log,
    audit,
    metrics,
    costOf,
    redacting: redaction?.redacting,
  });
  const serving = serveAssistantsApi(config, { log, metrics, counter, own, modelCalls });
  const answers = keepAnswers(config, { log, metrics, own });
  const handler = createPipeline({
    callPath,
    replaying: answers.replaying,
    serving,
    redacting: redaction?.redacting,
    log,
    audit,
    metrics,
    costOf,
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
  readonly audit: LogSink['audit'];
  readonly metrics: Metrics;
  readonly prices: PriceTable;
  readonly counter: TokenCounter;
  /** Makes the state directory this process's own. */
  own(): Ownership;
  /** Undefined: no name is hidden. */
  readonly digestPattern: DigestPattern | undefined;
  /** Answers with its usage read. */
  readonly upstream: Handler;
}

/** Undefined if nothing is budgeted, limited or compared: then no store is opened either. */
function governed(config: Config, parts: GovernedParts): Governance | undefined {
  const { budgets, limits, store, webhook, onStoreOutage } = config;
  const isCounted = isCountedByHour(config);
  if (budgets.length === 0 && limits.length === 0 && !isCounted) return undefined;
  const { log, audit, metrics, prices, counter, own, digestPattern, upstream } = parts;
  const configured = createRules(config, digestPattern);
  const events = announce({
    log,
    metrics,
    rules: configured,
    now: Date.now,
    webhook: createWebhook({
      ...webhook,
      onError(error) {
        metrics.dropped('webhook', 1);
        log.error({ cause: error.message }, 'webhook not delivered');
      },
    }),
  });
  const { ledger, journal } = openLedger(store, {
    own,
    onError: (error) => log.warn({ cause: error.message }, 'store'),
    onReset: (reset) => audit('budget_reset', reset),
    onNoJournal: (reason) =>
      log.warn({ cause: reason.message }, 'charges that Redis can not take are not kept on disk'),
  });
  const measured = metrics.stores.measured('ledger', ledger, ledgerSteps);
  const counted = isCounted ? countByHour(configured, measured) : undefined;
  const governance = govern({
    ...events,
    journal,
    ...(counted ?? { rules: configured, ledger: measured }),
    prices,
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
  metrics.ledger.budgets.readFrom({
    report: governance.report,
    timeoutMs: store.timeoutMs,
    onSilence: () => metrics.stores.silent('ledger'),
    calendarBudgets: new Set(
      budgets.filter(({ window }) => window.every !== undefined).map(({ name }) => name),
    ),
  });
  const drift = counted && openDrift(config, { log, metrics, counted });
  return {
    ...governance,
    async close(timeoutMs) {
      await drift?.close();
      return governance.close(timeoutMs);
    },
  };
}

/** Those that wait for the store. */
const ledgerSteps = [
  'admit',
  'renew',
  'settle',
  'defer',
  'settleDeferred',
  'claimDue',
  'leaveQueue',
  'windows',
] as const;

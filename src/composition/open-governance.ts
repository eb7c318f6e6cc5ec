import type { Config } from '../config/schema.ts';
import type { Ownership } from '../embedded/own-directory.ts';
import type { Handler } from '../exchange.ts';
import { announce } from '../ledger/announce.ts';
import type { Burn } from '../ledger/burn.ts';
import { countByHour } from '../ledger/count-by-hour.ts';
import { type Governance, govern } from '../ledger/governance.ts';
import type { DigestPattern } from '../ledger/match-facts.ts';
import { createRules } from '../ledger/rules.ts';
import type { TokenCounter } from '../openai/count-tokens.ts';
import type { PriceTable } from '../openai/prices.ts';
import type { LogSink } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createWebhook } from '../telemetry/webhook.ts';
import { isCountedByHour, openDrift } from './open-drift.ts';
import { openLedger } from './open-ledger.ts';
import { orgsOf } from './orgs.ts';

interface GovernanceParts {
  readonly log: LogSink['log'];
  readonly audit: LogSink['audit'];
  readonly metrics: Metrics;
  readonly burn: Burn;
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
export function openGovernance(config: Config, parts: GovernanceParts): Governance | undefined {
  const { budgets, limits, store, webhook, onStoreOutage } = config;
  const isCounted = isCountedByHour(config);
  if (budgets.length === 0 && limits.length === 0 && !isCounted) return undefined;
  const { log, audit, metrics, burn, prices, counter, own, digestPattern, upstream } = parts;
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
    onSettled(settlement, settled) {
      events.onSettled(settlement, settled);
      for (const budget of settled.budgets) burn.charged(settlement.org, budget);
    },
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

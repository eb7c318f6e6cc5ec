import type { Config } from '../config/schema.ts';
import type { Ownership } from '../embedded/own-directory.ts';
import type { Handler } from '../exchange.ts';
import { announce } from '../ledger/announce.ts';
import type { Burn } from '../ledger/burn.ts';
import { countByHour } from '../ledger/count-by-hour.ts';
import { type Governance, govern } from '../ledger/governance.ts';
import { rulesInForce } from '../ledger/rules.ts';
import type { TokenCounter } from '../openai/count-tokens.ts';
import type { LogSink } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { isCountedByHour, openDrift } from './open-drift.ts';
import { openLedger } from './open-ledger.ts';
import type { Terms } from './terms.ts';

interface GovernanceParts {
  readonly log: LogSink['log'];
  readonly audit: LogSink['audit'];
  readonly metrics: Metrics;
  readonly burn: Burn;
  readonly counter: TokenCounter;
  /** Makes the state directory this process's own. */
  own(): Ownership;
  /** Answers with its usage read. */
  readonly upstream: Handler;
  /** Those that are in force. */
  readonly terms: () => Terms;
  /** Every organisation that this sidecar can spend for. */
  readonly orgs: () => readonly string[];
}

/** Whether anything is budgeted, limited or compared: else no store is needed. */
export function isGoverned(config: Config): boolean {
  return config.budgets.length > 0 || config.limits.length > 0 || isCountedByHour(config);
}

/** The store of budgets and limits with all that spends by it; whatever the rules are, and become. */
export function openGovernance(config: Config, parts: GovernanceParts): Governance {
  const { store } = config;
  const { log, audit, metrics, burn, counter, own, upstream, terms, orgs } = parts;
  const configured = rulesInForce(() => terms().rules);
  const events = announce({
    log,
    metrics,
    rules: configured,
    now: Date.now,
    webhook: { send: (event) => terms().webhook.send(event) },
  });
  const { ledger, journal } = openLedger(store, {
    own,
    onError: (error) => log.warn({ cause: error.message }, 'store'),
    onReset: (reset) => audit('budget_reset', reset),
    onNoJournal: (reason) =>
      log.warn({ cause: reason.message }, 'charges that Redis can not take are not kept on disk'),
  });
  const measured = metrics.stores.measured('ledger', ledger, ledgerSteps);
  const counted = isCountedByHour(config) ? countByHour(configured, measured) : undefined;
  const governance = govern({
    ...events,
    onSettled(settlement, settled) {
      events.onSettled(settlement, settled);
      for (const budget of settled.budgets) burn.charged(settlement.org, budget);
    },
    journal,
    ...(counted ?? { rules: configured, ledger: measured }),
    prices: () => terms().prices,
    estimates: () => terms().config.estimates,
    counter,
    substitutesOf: (model) =>
      config.upstream.fallbacks.flatMap(({ models: names }) =>
        Object.hasOwn(names, model) ? [names[model]!] : [],
      ),
    orgs,
    upstream,
    dialect: config.upstream.dialect,
    leaseMs: store.leaseMs,
    onStoreOutage: () => terms().config.onStoreOutage,
  });
  metrics.ledger.budgets.readFrom({
    report: governance.report,
    timeoutMs: store.timeoutMs,
    onSilence: () => metrics.stores.silent('ledger'),
    isCalendar: (budget) => terms().isRolling(budget) === false,
  });
  const drift = counted && openDrift(config, { log, metrics, counted, orgs });
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

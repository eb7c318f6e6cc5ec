import type { Logger } from 'pino';

import { nanoUsdPerUsd } from '../openai/price.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Webhook } from '../telemetry/webhook.ts';
import { type Amounts, nothing, units } from './amounts.ts';
import type { GovernanceSettings } from './governance.ts';
import type { Rules } from './rules.ts';
import type { SettledBudget } from './settlement.ts';

interface AnnounceParts {
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'ledger' | 'usage'>;
  readonly webhook: Webhook;
  readonly rules: Pick<Rules, 'limitOf' | 'crossings'>;
  readonly now: () => number;
}

type Events = Pick<
  GovernanceSettings,
  | 'onSettled'
  | 'onHeld'
  | 'onLateUsage'
  | 'onOutage'
  | 'onSwept'
  | 'onLost'
  | 'onError'
  | 'pendingTo'
  | 'holdsTo'
>;

/** One outage is one line, however many calls meet it. */
const outageLineEveryMs = 10_000;

/** What happens in the ledger, as metrics, log lines and calls of the webhook. */
export function announce({
  log,
  metrics: { ledger: metrics, usage },
  webhook,
  rules,
  now,
}: AnnounceParts): Events {
  let outageToldAtMs = -Infinity;
  return {
    onSettled(settlement, settled) {
      const { kind, budgets } = settled;
      const { estimated } = settlement;
      if (log.isLevelEnabled('debug')) {
        const { holdId: requestId, upstreamId } = settlement;
        log.debug({ requestId, upstreamId, result: kind, estimated, ...shown(settled.charged) }, 'settled');
      }
      // What it tells of was counted when it was settled.
      if (kind === 'duplicate')
        return metrics.settled({ kind, estimated, charged: nothing, overrun: nothing });
      const [budget] = budgets;
      const charged = budget
        ? {
            tokens: budget.usedAfter.tokens - budget.usedBefore.tokens,
            nanoUsd: budget.usedAfter.nanoUsd - budget.usedBefore.nanoUsd,
          }
        : nothing;
      metrics.settled({ ...settled, estimated, charged });
      for (const state of budgets) tellCharged(settlement.org, state);
      for (const crossing of budgets.flatMap((state) => rules.crossings(state))) {
        tellCrossing(settlement.org, crossing);
      }
    },
    onHeld(requestId, lines, { held, budgets, outputTokens, delayMs }) {
      if (!log.isLevelEnabled('debug')) return;
      const matched = lines.budgets.map(({ budget, scope }, index) => {
        const { used, held: heldOf } = budgets[index]!;
        return { budget, scope, used: shown(used), held: shown(heldOf) };
      });
      const limits = [...lines.rates, ...lines.concurrencies].map(({ limit, scope }) => ({ limit, scope }));
      const call = { requestId, ...shown(held), outputTokens, delayMs };
      log.debug({ ...call, budgets: matched, limits }, 'held');
    },
    onLateUsage: ({ identity, ...late }) => usage.used({ ...late, team: identity?.team, app: identity?.app }),
    onOutage(error) {
      metrics.storeOutage();
      if (now() - outageToldAtMs < outageLineEveryMs) return;
      outageToldAtMs = now();
      log.error({ cause: error.message }, 'the store of budgets is out of reach');
    },
    onSwept(hold, result) {
      metrics.swept(result);
      log.warn({ holdId: hold.holdId, operation: hold.note.operation, result }, 'hold swept');
    },
    onLost(reason) {
      metrics.settlementLost();
      log.error({ cause: reason.message }, 'a charge was given up; its hold will lapse');
    },
    onError: (error) => log.error({ cause: error.message }, 'ledger'),
    pendingTo: (count) => metrics.pendingFrom(count),
    holdsTo: (holds) => metrics.holdsFrom(holds),
  };

  function tellCharged(org: string, { budget, scope, usedBefore, usedAfter }: SettledBudget): void {
    const limit = rules.limitOf(budget);
    for (const unit of units) {
      const amount = usedAfter[unit] - usedBefore[unit];
      // What an estimate was too high by has been counted, and counters don't go back.
      if (limit?.[unit] === undefined || amount < 0) continue;
      const share = { org, budget, scope };
      if (unit === 'tokens') metrics.charged(share, 'tokens', amount);
      else metrics.charged(share, 'usd', amount / nanoUsdPerUsd);
    }
  }

  function tellCrossing(org: string, crossing: ReturnType<Rules['crossings']>[number]): void {
    const { budget, scope, unit, percent, limit } = crossing;
    const shownUnit = unit === 'tokens' ? 'tokens' : 'usd';
    const shownLimit = unit === 'tokens' ? limit : limit / nanoUsdPerUsd;
    const event = { org, budget, scope, unit: shownUnit, percent, limit: shownLimit };
    metrics.crossed(budget, shownUnit, percent);
    log.warn(event, 'budget threshold reached');
    webhook.send({ event: 'budget_threshold_reached', at: new Date(now()).toISOString(), ...event });
  }
}

function shown({ tokens, nanoUsd }: Amounts): { readonly tokens: number; readonly usd: number } {
  return { tokens, usd: nanoUsd / nanoUsdPerUsd };
}

import type { Config } from '../config/schema.ts';
import type { DigestPattern } from '../ledger/match-facts.ts';
import { type Rules, createRules } from '../ledger/rules.ts';
import { type PriceTable, createPriceTable } from '../openai/prices.ts';
import { type Webhook, createWebhook } from '../telemetry/webhook.ts';

/** What a configuration says of spending, made ready once. */
export interface Terms {
  readonly config: Config;
  readonly rules: Rules;
  readonly prices: PriceTable;
  /** Told of budgets that are nearly used up. */
  readonly webhook: Webhook;
  /** Whether a budget's window rolls; undefined if there is no such budget. */
  isRolling(budget: string): boolean | undefined;
}

interface TermsParts {
  /** Undefined: no name is hidden. */
  readonly digestPattern: DigestPattern | undefined;
  readonly onWebhookError: (error: Error) => void;
}

export function createTerms(config: Config, { digestPattern, onWebhookError }: TermsParts): Terms {
  const rolling = new Map(config.budgets.map(({ name, window }) => [name, window.rolling !== undefined]));
  return {
    config,
    rules: createRules(config, digestPattern),
    prices: createPriceTable(config.models.prices, config.models.fallbackPrice),
    webhook: createWebhook({ ...config.webhook, onError: onWebhookError }),
    isRolling: (budget) => rolling.get(budget),
  };
}

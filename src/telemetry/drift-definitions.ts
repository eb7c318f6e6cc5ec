import type { MetricDefinition } from './metric-definition.ts';

/** The ledger beside the provider's own count; told by the pod that asked last, and only where `drift.adminKey` is set. */
export const driftDefinitions = {
  providerTokens: {
    type: 'gauge',
    name: 'assistant_proxy_provider_usage_tokens',
    help: 'Tokens that the provider counted in the last closed period, by kind: input, output, and cached_input, a part of input. Only where drift.adminKey is set, as are all of its kind.',
    labelNames: ['kind'],
  },
  ledgerTokens: {
    type: 'gauge',
    name: 'assistant_proxy_ledger_tokens',
    help: 'Tokens that all sidecars charged in that period.',
    labelNames: [],
  },
  providerCost: {
    type: 'gauge',
    name: 'assistant_proxy_provider_cost_usd',
    help: 'US dollars that the provider charged in the last closed day.',
    labelNames: [],
  },
  ledgerCost: {
    type: 'gauge',
    name: 'assistant_proxy_ledger_cost_usd',
    help: 'US dollars that all sidecars charged on that day.',
    labelNames: [],
  },
  drift: {
    type: 'gauge',
    name: 'assistant_proxy_provider_drift_ratio',
    help: 'What the provider counted by what the ledger did, less one, in tokens and in usd. Above zero somebody calls past the sidecars, or their prices are too low.',
    labelNames: ['unit'],
  },
  providerErrors: {
    type: 'counter',
    name: 'assistant_proxy_provider_usage_errors_total',
    help: 'Comparisons with the provider that failed.',
    labelNames: [],
  },
} as const satisfies Record<string, MetricDefinition>;

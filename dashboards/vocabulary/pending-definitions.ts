/** Metrics of the contract that the sidecar does not have yet. */
const define = <const Name extends string>(
  name: Name,
  type: 'counter' | 'gauge' | 'histogram',
  labels: string,
) => ({
  name,
  type,
  labelNames: labels === '' ? [] : labels.split(' '),
});

export const pendingDefinitions = [
  define('assistant_proxy_provider_usage_tokens', 'gauge', 'kind'),
  define('assistant_proxy_provider_cost_usd', 'gauge', ''),
  define('assistant_proxy_ledger_tokens', 'gauge', ''),
  define('assistant_proxy_ledger_cost_usd', 'gauge', ''),
  define('assistant_proxy_provider_drift_ratio', 'gauge', 'unit'),
  define('assistant_proxy_provider_usage_errors_total', 'counter', ''),
] as const;

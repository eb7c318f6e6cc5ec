/**
 * The keys whose changes take effect while the sidecar runs; a section stands for all that is in it. They are those
 * that decide. What is opened at the start stays until the next one: ports, stores, upstreams and files, and the keys
 * of encryption and of other secrets, whose files are followed by themselves.
 */
export const liveKeys = [
  'upstream.unknownOperations',
  'retry',
  'timeouts',
  'defaults',
  'identity',
  'auth',
  'budgets',
  'limits',
  'thresholdPercents',
  'webhook',
  'onStoreOutage',
  'redaction.mode',
  'redaction.optOut',
  'redaction.entities',
  'redaction.custom',
  'redaction.allow',
  'redaction.phoneRegions',
  'redaction.outputs',
  'models',
  'estimates',
  'telemetry.logLevel',
] as const;

/** @param path as `describeKeys` has it */
export function isLive(path: string): boolean {
  return liveKeys.some((key) => path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`));
}

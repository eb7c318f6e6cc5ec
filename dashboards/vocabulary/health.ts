import { ownFaults } from '../../alerts/availability.ts';
import { rate, series } from './promql.ts';

/**
 * The share of calls that fail by fault of the sidecar; nothing is a share, too, as long as there are calls. It is that
 * of all teams and apps: refusals are not counted by those.
 */
export function ownErrorShare(window: string): string {
  const errors = `sum(rate(${series('assistant_proxy_refusals_total', `code=~"${ownFaults}"`)}[${window}]))`;
  const calls = `sum(rate(assistant_proxy_requests_total{namespace=~"$namespace"}[${window}]))`;
  return `(${errors} or ${calls} * 0) / ${calls}`;
}

/** The share of attempts at upstreams that are not answered, or answered with an error of the upstream's own. */
export function upstreamFailureShare(by: readonly string[]): string {
  const failures = rate(
    'assistant_proxy_upstream_attempts_total',
    by,
    'result=~"server_error|unreachable|timeout"',
  );
  const attempts = rate('assistant_proxy_upstream_attempts_total', by);
  return `(${failures} or ${attempts} * 0) / ${attempts}`;
}

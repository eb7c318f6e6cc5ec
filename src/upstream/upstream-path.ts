import type { Exchange } from '../exchange.ts';

/**
 * Path and query for the upstream, below its base URL.
 *
 * Azure names the deployment in the path and the version in the query; its SDKs send the same name as
 * `model` in the body too, so for an OpenAI upstream both are simply left out.
 */
export function upstreamPath(exchange: Exchange, dialect: 'openai' | 'azure'): string {
  const { path, query, deployment } = exchange;
  if (dialect === 'azure') {
    return (deployment === undefined ? path : `/deployments/${deployment}${path}`) + query;
  }
  return path + (query.includes('api-version=') ? withoutApiVersion(query) : query);
}

function withoutApiVersion(query: string): string {
  const kept = query
    .slice(1)
    .split('&')
    .filter((pair) => !pair.startsWith('api-version='));
  return kept.length === 0 ? '' : `?${kept.join('&')}`;
}

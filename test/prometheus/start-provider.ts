import { nothing } from '../../src/ledger/amounts.ts';
import { chargeInHour } from '../drift/charge-in-hour.ts';
import type { Lifetime } from '../harness/lifetime.ts';
import { answerJson, startUpstream } from '../harness/upstream.ts';
import { openReadyLedger } from '../redis/open-ledger.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const charged = { tokens: 900, nanoUsd: 9_000_000 };

/**
 * What a provider says of hours and days that are over, which is more than what the ledger is made to say of them.
 * Resolves to its URL.
 */
export async function startProvider(
  lifetime: Lifetime,
  redisUrl: string,
  orgs: readonly string[],
): Promise<string> {
  const { ledger } = await openReadyLedger(lifetime, redisUrl, { keyPrefix: 'assistant-proxy' });
  const nowMs = Date.now();
  const yesterdayMs = Math.floor(nowMs / dayMs) * dayMs - dayMs / 2;
  for (const org of orgs) {
    await chargeInHour(ledger, org, nowMs - 3 * dayMs, nothing);
    await chargeInHour(ledger, org, nowMs - 2 * hourMs, charged);
    await chargeInHour(ledger, org, yesterdayMs, charged);
  }
  const { url } = await startUpstream(lifetime, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://provider');
    const results = [resultOf(pathname)];
    const start_time = Number(searchParams.get('start_time'));
    answerJson(response, {
      object: 'page',
      data: [{ object: 'bucket', start_time, results }],
      has_more: false,
    });
  });
  return url;
}

function resultOf(path: string): object {
  if (path.endsWith('/costs')) return { amount: { value: 0.01, currency: 'usd' } };
  return { input_tokens: 700, output_tokens: 250, input_cached_tokens: 100 };
}

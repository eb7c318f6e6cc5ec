import { ProxyError } from '../errors.ts';
import { nanoUsdPerUsd } from '../openai/price.ts';
import type { Admission, Denied } from './admission.ts';
import type { Unit } from './amounts.ts';

/** Says to the caller which budget or limit refused, what is left of it, and when to come back. */
export function refusal(admission: Admission, { by, budgets }: Denied): ProxyError {
  if (by.list === 'budgets') {
    const line = admission.budgets[by.index]!;
    const { used, held, endMs } = budgets[by.index]!;
    const limit = line.limit[by.unit]!;
    const left = Math.max(0, limit - used[by.unit] - held[by.unit]);
    const running = held[by.unit] > 0 ? ` (${amount(held[by.unit], by.unit)} held by running calls)` : '';
    const resets =
      line.window.kind === 'rolling'
        ? 'It frees up step by step.'
        : `It resets at ${new Date(endMs).toISOString()}.`;
    const message =
      `Budget ${line.budget}${named(line.scope)} has ${number(left, by.unit)} of ${amount(limit, by.unit)} left` +
      `${running}; this call may need ${amount(leastOf(admission, by.unit), by.unit)}. ${resets}`;
    // SDKs would come back at once, or sleep until the month ends.
    return new ProxyError('budget_exceeded', { message, headers: { 'x-should-retry': 'false' } });
  }
  if (by.list === 'rates') {
    const line = admission.rates[by.index]!;
    const rate = `${Number(line.perSecond.toPrecision(6))} ${line.unit} a second, burst ${line.burst}`;
    const message = `Limit ${line.limit}${named(line.scope)} (${rate}) is reached. Try again in ${by.retryAfterMs} ms.`;
    return new ProxyError('rate_limit_exceeded', { message, headers: retryHeaders(by.retryAfterMs) });
  }
  const line = admission.concurrencies[by.index]!;
  const why = by.isQueueFull ? 'and its queue is full' : 'and none ended in time';
  const message = `Limit ${line.limit}${named(line.scope)} (${line.max} at a time) is reached, ${why}. Try again in a second.`;
  return new ProxyError('rate_limit_exceeded', { message, headers: retryHeaders(1000) });
}

/** In both units that SDKs read. Of a long wait they would sleep the whole, or ignore it and retry at once. */
function retryHeaders(retryAfterMs: number): Record<string, string> {
  const headers: Record<string, string> = {
    'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))),
    'retry-after-ms': String(Math.max(1, Math.ceil(retryAfterMs))),
  };
  if (retryAfterMs > 60_000) headers['x-should-retry'] = 'false';
  return headers;
}

function leastOf({ demand }: Admission, unit: Unit): number {
  return Math.ceil(demand.fixed[unit] + demand.perOutputToken[unit] * demand.minOutputTokens);
}

function named(scope: string): string {
  return scope === '' ? '' : ` of ${scope}`;
}

function amount(value: number, unit: Unit): string {
  return unit === 'tokens' ? `${number(value, unit)} tokens` : number(value, unit);
}

function number(value: number, unit: Unit): string {
  return unit === 'tokens' ? value.toLocaleString('en') : `$${usdOf(value)}`;
}

/** To a hundredth of a cent, and never shown as nothing if it is something. */
function usdOf(nanoUsd: number): string {
  const usd = nanoUsd / nanoUsdPerUsd;
  return usd !== 0 && usd < 0.0001 ? usd.toPrecision(2) : String(Number(usd.toFixed(4)));
}

import type { Dispatcher } from 'undici';

import type { ProviderTokens, ProviderUsage } from './provider-usage.ts';

interface OrganizationUsageSettings {
  readonly baseUrl: string;
  readonly dispatcher: Dispatcher;
  readonly adminKey: () => string;
  /** Empty: of the whole organisation. */
  readonly projectIds: readonly string[];
}

/** Of one request. */
const timeoutMs = 30_000;
const maxAnswerBytes = 4 * 1024 * 1024;
/** Some hours or days never have as many. */
const maxPages = 100;

interface Bucket {
  readonly start_time?: unknown;
  readonly results?: unknown;
}

type Result = Readonly<Record<string, unknown>>;

/** OpenAI's usage and cost API: `/organization/usage/completions`, `.../embeddings` and `/organization/costs`. */
export function createOrganizationUsage(settings: OrganizationUsageSettings): ProviderUsage {
  const { dispatcher, adminKey, projectIds } = settings;
  const { origin, pathname } = new URL(settings.baseUrl);
  const basePath = pathname === '/' ? '' : pathname;

  return {
    async tokens(fromMs, toMs): Promise<ProviderTokens> {
      const [completions, embeddings] = await Promise.all([
        resultsOf('/organization/usage/completions', { fromMs, toMs, width: '1h' }),
        resultsOf('/organization/usage/embeddings', { fromMs, toMs, width: '1h' }),
      ]);
      const sum = (results: readonly Result[], member: string) =>
        results.reduce((total, result) => total + amountOf(result[member]), 0);
      return {
        input: sum(completions, 'input_tokens') + sum(embeddings, 'input_tokens'),
        output: sum(completions, 'output_tokens'),
        cachedInput: sum(completions, 'input_cached_tokens'),
      };
    },
    async costUsd(fromMs, toMs) {
      const results = await resultsOf('/organization/costs', { fromMs, toMs, width: '1d' });
      return results.reduce((total, { amount }) => total + usdOf(amount), 0);
    },
    close: () => dispatcher.destroy(),
  };

  async function resultsOf(path: string, period: Period): Promise<Result[]> {
    const results: Result[] = [];
    let page = '';
    for (let pages = 0; pages < maxPages; pages += 1) {
      const answer = await ask(`${basePath}${path}?${queryOf(period, projectIds, page)}`);
      for (const bucket of listOf(answer['data']) as Bucket[]) {
        const startMs = Number(bucket.start_time) * 1000;
        if (startMs >= period.fromMs && startMs < period.toMs)
          results.push(...(listOf(bucket.results) as Result[]));
      }
      if (answer['has_more'] !== true || typeof answer['next_page'] !== 'string') return results;
      page = answer['next_page'];
    }
    throw new Error(`the usage API has more than ${maxPages} pages`);
  }

  async function ask(path: string): Promise<Result> {
    const { statusCode, body } = await dispatcher
      .request({
        origin,
        path,
        method: 'GET',
        headers: { authorization: `Bearer ${adminKey()}`, accept: 'application/json' },
        signal: AbortSignal.timeout(timeoutMs),
      })
      .catch(refuseUnreachable);
    const text = await read(body).catch(refuseUnreachable);
    if (statusCode !== 200) {
      const isKey = statusCode === 401 || statusCode === 403;
      const hint = isKey ? '; drift.adminKey must be an admin key that may read usage' : '';
      throw new Error(`the usage API answered ${statusCode}${hint}`);
    }
    return parse(text);
  }
}

interface Period {
  readonly fromMs: number;
  readonly toMs: number;
  readonly width: '1h' | '1d';
}

function queryOf({ fromMs, toMs, width }: Period, projectIds: readonly string[], page: string): string {
  const query = new URLSearchParams({
    start_time: String(fromMs / 1000),
    end_time: String(toMs / 1000),
    bucket_width: width,
  });
  // As OpenAI's own SDKs write a list.
  for (const id of projectIds) query.append('project_ids[]', id);
  if (page !== '') query.set('page', page);
  return query.toString();
}

async function read(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw Object.assign(new Error(), { code: 'too long' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The message of another error may quote the request, which has the key in it. */
function refuseUnreachable(error: unknown): never {
  const { code, name } = error as NodeJS.ErrnoException;
  throw new Error(`the usage API could not be read (${code ?? name})`);
}

function parse(text: string): Result {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && Array.isArray((value as Result)['data']))
      return value as Result;
  } catch {
    // The same as any other answer that is none.
  }
  throw new Error('the usage API answered what is no page of usage');
}

function listOf(value: unknown): object[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : [];
}

function amountOf(value: unknown): number {
  const amount = Number(value ?? 0);
  if (!Number.isFinite(amount)) throw new Error('the usage API answered an amount that is no number');
  return amount;
}

function usdOf(amount: unknown): number {
  const { value, currency } = (amount ?? {}) as { readonly value?: unknown; readonly currency?: unknown };
  if (currency !== undefined && String(currency).toLowerCase() !== 'usd') {
    throw new Error('the usage API answered costs in another currency than usd');
  }
  return amountOf(value);
}

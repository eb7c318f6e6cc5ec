import { ApiError } from './api-error.ts';
import type { Call, SeenRequest } from './call.ts';
import { json } from './reply.ts';
import type { Route } from './router.ts';

/** USD for a million tokens, as OpenAI's price list had them: of its own, so that a sidecar's table is compared. */
const PRICES: Readonly<Record<string, { input: number; cached: number; output: number }>> = {
  'gpt-4o': { input: 2.5, cached: 1.25, output: 10 },
  'text-embedding-3-small': { input: 0.02, cached: 0.02, output: 0 },
};

const WIDTH_SECONDS: Readonly<Record<string, number>> = { '1m': 60, '1h': 3600, '1d': 86_400 };
const DEFAULT_BUCKETS: Readonly<Record<string, number>> = { '1m': 60, '1h': 24, '1d': 7 };

/** The usage and cost API, which tells what was truly billed. `billed` is what arrived, with what it cost. */
export function organizationUsageRoutes(billed: () => readonly SeenRequest[]): Route[] {
  const isEmbedding = ({ path }: SeenRequest) => path.includes('/embeddings');
  const isImage = ({ path }: SeenRequest) => path.includes('/images/');
  const told = (kind: string, results: (requests: readonly SeenRequest[]) => object[]): Route => ({
    method: 'GET',
    path: kind,
    handle: (call) => json<object>(bucketsOf(call, billed(), results)),
  });
  return [
    told('/organization/usage/completions', (requests) => {
      const completions = requests.filter((request) => !isEmbedding(request) && !isImage(request));
      if (completions.length === 0) return [];
      const sum = (read: (usage: NonNullable<SeenRequest['usage']>) => number) =>
        completions.reduce((total, { usage }) => total + (usage ? read(usage) : 0), 0);
      return [
        {
          object: 'organization.usage.completions.result',
          input_tokens: sum(({ inputTokens }) => inputTokens),
          output_tokens: sum(({ outputTokens }) => outputTokens),
          input_cached_tokens: sum(({ cachedTokens }) => cachedTokens),
          num_model_requests: completions.length,
        },
      ];
    }),
    told('/organization/usage/embeddings', (requests) => {
      const embeddings = requests.filter(isEmbedding);
      if (embeddings.length === 0) return [];
      const input_tokens = embeddings.reduce((total, { usage }) => total + (usage?.inputTokens ?? 0), 0);
      const num_model_requests = embeddings.length;
      return [{ object: 'organization.usage.embeddings.result', input_tokens, num_model_requests }];
    }),
    told('/organization/costs', (requests) => {
      if (requests.length === 0) return [];
      const value = requests.reduce((total, request) => total + costUsd(request), 0);
      return [{ object: 'organization.costs.result', amount: { value, currency: 'usd' } }];
    }),
  ];
}

function costUsd({ usage, json: body }: SeenRequest): number {
  const { model } = Object(body) as { model?: string };
  const price = PRICES[model ?? ''];
  if (!usage || !price) return 0;
  const { inputTokens, cachedTokens, outputTokens } = usage;
  const plain = (inputTokens - cachedTokens) * price.input;
  return (plain + cachedTokens * price.cached + outputTokens * price.output) / 1e6;
}

function bucketsOf(
  { query }: Call,
  requests: readonly SeenRequest[],
  results: (requests: readonly SeenRequest[]) => object[],
) {
  const width = query.get('bucket_width') ?? '1d';
  const seconds = WIDTH_SECONDS[width];
  const start = Number(query.get('start_time'));
  const end = Number(query.get('end_time') ?? Date.now() / 1000);
  if (!seconds || !(start > 0)) throw new ApiError(400, 'Invalid start_time or bucket_width.');
  const first = Math.floor(start / seconds);
  const count = Math.ceil(end / seconds) - first;
  const from = Number(query.get('page')?.slice('page_'.length) ?? 0);
  const limit = Number(query.get('limit') ?? DEFAULT_BUCKETS[width]);
  const numbers = Array.from({ length: Math.max(0, count) }, (_, index) => first + index);
  const data = numbers.slice(from, from + limit).map((number) => {
    const [startTime, endTime] = [number * seconds, (number + 1) * seconds];
    const inside = requests.filter(
      ({ usage, billedAtMs = 0 }) => usage && billedAtMs >= startTime * 1000 && billedAtMs < endTime * 1000,
    );
    return { object: 'bucket', start_time: startTime, end_time: endTime, results: results(inside) };
  });
  const next = from + limit;
  const hasMore = next < numbers.length;
  return { object: 'page', data, has_more: hasMore, next_page: hasMore ? `page_${next}` : null };
}

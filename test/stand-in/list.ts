import { invalid } from './api-error.ts';

/** A page of a list, as every list of the API answers it. */
export interface Page<T> {
  object: 'list';
  data: T[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

/**
 * Cuts a page out of `items`, which come oldest first, by the query's `limit`, `order`, `after` and `before`.
 * `newestFirst` is the default order of the list.
 */
export function paginate<T extends { id: string }>(
  items: readonly T[],
  query: URLSearchParams,
  defaults: { limit?: number; order?: 'asc' | 'desc' } = {},
): Page<T> {
  const limit = Number(query.get('limit') ?? defaults.limit ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000) {
    throw invalid(
      'limit',
      `Invalid 'limit': expected an integer between 1 and 100, got ${query.get('limit')}.`,
    );
  }
  const order = query.get('order') ?? defaults.order ?? 'desc';
  const ordered = order === 'asc' ? [...items] : items.toReversed();

  const after = query.get('after');
  const before = query.get('before');
  const start = after === null ? 0 : ordered.findIndex((item) => item.id === after) + 1;
  const end = before === null ? ordered.length : ordered.findIndex((item) => item.id === before);
  const range = ordered.slice(start, end);
  // Before a cursor the page that ends there is wanted, not the first one of the list.
  const data = before !== null && after === null ? range.slice(-limit) : range.slice(0, limit);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: data.length < range.length,
  };
}

import { type Page, paginate } from '../list.ts';
import { checkValue, integer, object, oneOf } from './check-value.ts';
import { noneFound } from './find-errors.ts';

/**
 * A page of what `find` finds, which come oldest first. The query is looked at before that; the `kind` is for what is
 * said of a cursor that names none of them.
 */
export function listObjects<T extends { id: string }>(
  kind: string,
  query: URLSearchParams,
  find: () => readonly T[],
): Page<T> {
  const limit = query.get('limit');
  const isNumber = limit !== null && /^-?\d+$/.test(limit);
  checkValue(rules, { limit: isNumber ? Number(limit) : limit, order: query.get('order') });
  const items = find();
  for (const cursor of [query.get('after'), query.get('before')]) {
    if (cursor !== null && !items.some(({ id }) => id === cursor)) throw noneFound(kind, cursor);
  }
  return paginate(items, query);
}

const rules = object({ limit: integer(1, 100), order: oneOf('asc', 'desc') });

import type { FastifyRequest } from 'fastify';
import { safeNext } from '../../http/next.ts';
import type { AskedList } from './ask-list.ts';

type Changes = Readonly<Record<string, string | null>>;

/**
 * Returns the address of the same list with other values of some parameters; null removes one. All others stay, but the
 * page starts again unless it is what changes.
 */
export function addressOfList({ path, params }: Pick<AskedList, 'path' | 'params'>, changes: Changes = {}): string {
  const changed = new URLSearchParams(params);
  if (Object.keys(changes).length > 0) changed.delete('page');
  for (const [name, value] of Object.entries(changes)) {
    changed.delete(name);
    if (value !== null && value !== '') changed.append(name, value);
  }
  const query = changed.toString();
  return query === '' ? path : `${path}?${query}`;
}

/** Returns the parameters that a form of the list sends besides its own fields. */
export function otherFields(
  { params }: Pick<AskedList, 'params'>,
  own: readonly string[],
): { name: string; value: string }[] {
  return Array.from(params, ([name, value]) => ({ name, value })).filter(
    ({ name }) => name !== 'page' && !own.includes(name),
  );
}

/**
 * Returns the address of the list from which a page was opened (`next`, see `list_url` of the view), with its filters;
 * the path of the list when the page was opened in another way.
 * @public used by pages of rows
 */
export function backToList(request: Pick<FastifyRequest, 'query'>, list_path: string): string {
  const { query } = request;
  const next: unknown = typeof query === 'object' && query !== null ? Reflect.get(query, 'next') : null;
  const safe = typeof next === 'string' ? safeNext(next) : null;
  return safe !== null && safe.split('?')[0] === list_path ? safe : list_path;
}

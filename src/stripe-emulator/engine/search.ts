import { invalidRequest } from './api-error.ts';
import type { Call, Endpoint } from './context.ts';
import { defineEndpoint } from './endpoint.ts';
import { isInSpan } from './list.ts';
import { integer, required, text } from './param.ts';
import type { StoredObject } from './stored-object.ts';

const CLAUSE = /^(?:(metadata)\[["']([^"']{1,40})["']\]|([a-z_]+))\s*(:|>=|<=|>|<)\s*(?:["']([^"']*)["']|(\d+))$/;
const OPERATORS = { '>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte' } as const;

/**
 * Defines the search of a kind: `metadata['k']:'v'`, `status:'x'`, `created>1`, joined by `AND`.
 *
 * Results lag behind by `search_lag_s`, as Stripe's search is eventually consistent.
 */
export function defineSearch(path: `/${string}`, kind: string, fields: readonly string[]): Endpoint {
  const spec = { query: required(text()), limit: integer(1, 100), page: text(200) };
  return defineEndpoint(`GET ${path}`, spec, (call, { query, limit = 10, page }) => {
    const tests = query.split(/\s+AND\s+/).map((clause) => testOf(clause.trim(), fields));
    const lag_s = Math.max(call.settings.search_lag_s, lateList(call));
    const found = call.world
      .all(call.scope, kind)
      .filter((item) => item['deleted'] !== true && Number(item.created) + lag_s <= call.world.now)
      .filter((item) => tests.every((test) => test(item)))
      .toReversed();
    const from = page === undefined ? 0 : Number.parseInt(Buffer.from(page, 'base64url').toString(), 10);
    if (!Number.isInteger(from)) throw invalidRequest(undefined, 'Invalid page', 'page');
    const until = from + limit;
    const has_more = found.length > until;
    return {
      object: 'search_result',
      url: call.url,
      has_more,
      next_page: has_more ? Buffer.from(String(until)).toString('base64url') : null,
      data: found.slice(from, until),
      total_count: found.length,
    };
  });
}

function testOf(clause: string, fields: readonly string[]): (item: StoredObject) => boolean {
  const [, is_metadata, key = '', field = '', operator = ':', quoted, digits] = CLAUSE.exec(clause) ?? [];
  const value = quoted ?? digits;
  if (value === undefined || !(is_metadata || field === 'created' || fields.includes(field)))
    throw invalidRequest(undefined, `We were unable to parse your search query: ${clause.slice(0, 100)}`, 'query');
  if (is_metadata) {
    return ({ metadata }) =>
      Object.entries(metadata ?? {}).some(([name, content]) => name === key && content === value);
  }
  if (operator === ':') return (item) => String(item[field]) === value;
  const bound = Object.entries(OPERATORS).find(([sign]) => sign === operator)?.[1] ?? 'gt';
  return (item) => isInSpan(item, { [bound]: Number(value) });
}

function lateList({ faults }: Call): number {
  const fault = faults.find(({ name }) => name === 'late_list');
  return fault ? Number(fault.values['s'] ?? 60) : 0;
}

import { notAnInstant } from './instant.ts';

/** One page of a list, in the shape of the API. `next` and `previous` are absolute URLs. */
export interface Page<T> {
  count: number;
  next: string | null;
  previous: string | null;
  results: T[];
}

/** List parameters of a request, parsed and bounded. Instants are UTC; `start_at` inclusive, `ends_at` exclusive. */
export interface ListQuery {
  page: number;
  page_size: number;
  /** Terms of `q`; a row matches when any term occurs in any searched field. */
  terms: string[];
  fields: string[];
  order: { field: string; descending: boolean }[];
  start_at: Date | null;
  ends_at: Date | null;
  /** Page that is read when `page` is after the last one: the last one, or none (404) when omitted. */
  beyond_end?: 'last';
}

export interface RawListQuery {
  page?: string | undefined;
  page_size?: string | undefined;
  q?: string | undefined;
  q_f?: string | string[] | undefined;
  o?: string | string[] | undefined;
  ot?: string | undefined;
  start_at?: string | undefined;
  ends_at?: string | undefined;
  timezone?: string | undefined;
}

const PAGE_SIZE = 25;
const PAGE_SIZE_MAX = 100;
const TERMS_MAX = 20;

/**
 * Reads the list parameters of a query string: `page`, `page_size`, `q`, `q_f`, `o`, `start_at`, `ends_at`.
 *
 * A `page_size` above 100 counts as 100, an invalid one is ignored. The list ignores unknown names in `q_f` and `o`.
 * `parseInstant` reads an instant, or a date in the time zone of the list, and returns null for any other text.
 * @throws invalid_input (400) naming `start_at` or `ends_at`
 * @see docs/spec/identity.md 2.3, docs/spec/themes-pages.md 6.2 and 6.3
 */
export function parseListQuery(raw: RawListQuery, parseInstant: (text: string) => Date | null): ListQuery {
  const page =
    raw.page === undefined || raw.page === '' ? 1 : /^[0-9]{1,7}$/.test(raw.page) ? Number(raw.page) : Number.NaN;
  const size = raw.page_size !== undefined && /^[0-9]{1,9}$/.test(raw.page_size) ? Number(raw.page_size) : 0;
  const order = toArray(raw.o)
    .flatMap((names) => names.split(','))
    .filter((name) => name !== '' && name !== '-')
    .slice(0, 10)
    .map((name) => ({ field: name.replace(/^-/, ''), descending: name.startsWith('-') }));
  const first = order[0];
  if (first && order.length === 1 && raw.ot === 'desc' && !first.descending) first.descending = true;
  return {
    page,
    page_size: size > 0 ? Math.min(size, PAGE_SIZE_MAX) : PAGE_SIZE,
    terms: splitTerms(raw.q ?? ''),
    fields: toArray(raw.q_f).map((name) => name.replace(/^[\^=]/, '')),
    order,
    start_at: instantOf('start_at', raw.start_at, parseInstant),
    ends_at: instantOf('ends_at', raw.ends_at, parseInstant),
  };
}

/** Excludes rows dated after `at` (inclusive bound), unless the query names another end. */
export function endListAt(list: ListQuery, at: Date): ListQuery {
  return list.ends_at === null ? { ...list, ends_at: new Date(at.getTime() + 1) } : list;
}

/** Splits on commas; double quotes protect a comma. */
export function splitTerms(q: string): string[] {
  const terms: string[] = [];
  for (const match of q.matchAll(/(?:"([^"]*)"?|([^,"]+))/g)) {
    const term = (match[1] ?? match[2] ?? '').trim();
    if (term !== '') terms.push(term);
  }
  return terms.slice(0, TERMS_MAX);
}

function instantOf(field: string, text: string | undefined, parseInstant: (text: string) => Date | null): Date | null {
  const unquoted = text?.replace(/^["']|["']$/g, '');
  if (unquoted === undefined || unquoted === '') return null;
  const instant = parseInstant(unquoted);
  if (instant === null) throw notAnInstant(field);
  return instant;
}

function toArray(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

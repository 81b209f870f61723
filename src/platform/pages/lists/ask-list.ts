import type { FastifyRequest } from 'fastify';
import { isTimeZone } from '#kernel/instant';
import { parseDecimal } from '#kernel/money';
import { type ListQuery, parseListQuery, type RawListQuery } from '#kernel/page';
import { type DayRange, dayRange, parseBound } from './day-range.ts';
import type { AmountRange, FilterDeclaration, FilterValues, ListDeclaration, TabValue } from './list-declaration.ts';

/** What the address of a list page asks for, with everything invalid left out. */
export interface AskedList<Declaration extends ListDeclaration = ListDeclaration> {
  readonly declaration: Declaration;
  /** For the list functions of the rooms. A page after the last one is the last one. */
  readonly list: ListQuery;
  readonly tab: TabValue<Declaration>;
  readonly filters: FilterValues<Declaration>;
  readonly days: DayRange;
  /** Path of the page, without its query. */
  readonly path: string;
  /** Parameters of the address that have an effect, and those that the page itself reads. */
  readonly params: URLSearchParams;
  /** Sentences about parameters that were left out because they are invalid. */
  readonly notes: readonly string[];
  readonly reader: ListReader;
}

/** Language, zone and present of the reader of a list. */
export interface ListReader {
  readonly lang: string;
  /** Zone of the days of the list: that of the profile of the page. */
  readonly timezone: string;
  readonly now: Date;
}

const QUERY_LENGTH_MAX = 500;
const TEXT_LENGTH_MAX = 200;
const OTHERS_MAX = 20;
/** Parameters of every list that have one value; a repeated one counts once. */
const SINGLE = ['q', 'page', 'page_size', 'ot', 'start_at', 'ends_at', 'timezone'] as const;

/**
 * Reads what the address of a page asks its list for. Never throws: parameters without a meaning are left out, and
 * `notes` names those that a reader may have typed.
 *
 * The route declares no schema for its query. `timezone` is the zone of the profile that the page is about.
 */
export function askList<const Declaration extends ListDeclaration>(
  request: Pick<FastifyRequest, 'listUrl' | 'ctx'>,
  declaration: Declaration,
  timezone: string,
): AskedList<Declaration> {
  return parseList(declaration, request.listUrl, {
    lang: request.ctx.lang,
    now: request.ctx.clock.now(),
    timezone,
  });
}

/** As `askList`, from an address. */
export function parseList<const Declaration extends ListDeclaration>(
  declaration: Declaration,
  url: URL,
  given: ListReader,
): AskedList<Declaration> {
  const params = new URLSearchParams(url.search);
  const notes: string[] = [];
  keepShortOthers(params, declaration);
  for (const name of [...SINGLE, ...ownNames(declaration)]) keepFirst(params, name);
  const zone = params.get('timezone');
  if (zone !== null && !isTimeZone(zone)) params.delete('timezone');
  const reader = { ...given, timezone: params.get('timezone') ?? given.timezone };

  readSearch(declaration, params, notes);
  readBounds(declaration, params, notes, reader.timezone);
  const tab = readChoice(params, notes, declaration.tabs?.name, declaration.tabs) ?? '';
  const filters = readFilters(declaration.filters ?? {}, params, notes);
  keepSortFields(declaration, params);
  const list = toListQuery(declaration, params, reader.timezone);
  if (list.page === 1) params.delete('page');
  return {
    declaration,
    list,
    // Casts: the values are those of the declared options, or null.
    tab: tab as TabValue<Declaration>,
    filters: filters as FilterValues<Declaration>,
    days: dayRange(list.start_at, list.ends_at, reader.timezone),
    path: url.pathname,
    params,
    notes,
    reader,
  };
}

function toListQuery(declaration: ListDeclaration, params: URLSearchParams, timezone: string): ListQuery {
  const raw: RawListQuery = { q_f: params.getAll('q_f'), o: params.getAll('o') };
  for (const name of SINGLE) if (params.has(name)) raw[name] = params.get(name) ?? undefined;
  const { start_at, ends_at, ...rest } = raw;
  const list = parseListQuery(rest, () => null);
  const at = (name: 'start_at' | 'ends_at', text = '') => (text === '' ? null : parseBound(name, text, timezone));
  if (list.order.length === 0 && declaration.order !== undefined) {
    const field = declaration.order.replace(/^-/, '');
    list.order = [{ field, descending: field !== declaration.order }];
  }
  return {
    ...list,
    page: list.page >= 1 ? list.page : 1,
    start_at: at('start_at', start_at),
    ends_at: at('ends_at', ends_at),
    beyond_end: 'last',
  };
}

/** Names of the parameters of the tabs and filters. */
export function ownNames({ tabs, filters = {} }: ListDeclaration): string[] {
  const names = Object.entries(filters).flatMap(([name, { kind }]) =>
    kind === 'amount' ? [`${name}_min`, `${name}_max`] : [name],
  );
  return tabs === undefined ? names : [tabs.name, ...names];
}

/** Bounds what the links of a list repeat: parameters that are not of the list are kept up to a number and a length. */
function keepShortOthers(params: URLSearchParams, declaration: ListDeclaration): void {
  const own = new Set<string>([...SINGLE, 'q_f', 'o', ...ownNames(declaration)]);
  const others = [...params.keys()].filter((name) => !own.has(name));
  for (const [index, name] of others.entries()) {
    const length = name.length + (params.get(name)?.length ?? 0);
    if (index >= OTHERS_MAX || length > TEXT_LENGTH_MAX * 10) params.delete(name);
  }
  const fields = params.getAll('q_f').filter((name) => name.length <= TEXT_LENGTH_MAX);
  params.delete('q_f');
  for (const name of fields.slice(0, OTHERS_MAX)) params.append('q_f', name);
}

function keepFirst(params: URLSearchParams, name: string): void {
  const first = params.get(name)?.trim();
  if (first === undefined) return;
  if (first === '') params.delete(name);
  else params.set(name, first);
}

function readSearch({ search }: ListDeclaration, params: URLSearchParams, notes: string[]): void {
  if (search === undefined) {
    params.delete('q');
    return;
  }
  const query = params.get('q');
  if (query === null || query.length <= QUERY_LENGTH_MAX) return;
  params.set('q', query.slice(0, QUERY_LENGTH_MAX).toWellFormed());
  notes.push(`Only the first ${QUERY_LENGTH_MAX} characters of the search were used.`);
}

function readBounds({ dates }: ListDeclaration, params: URLSearchParams, notes: string[], timezone: string): void {
  const bounds = (['start_at', 'ends_at'] as const).map((name) => {
    const text = params.get(name)?.replace(/^["']|["']$/g, '') ?? '';
    const at = text === '' || dates === undefined ? null : parseBound(name, text, timezone);
    if (at === null) params.delete(name);
    else params.set(name, text);
    if (at === null && text !== '' && dates !== undefined) {
      notes.push(
        `The ${name === 'start_at' ? 'first' : 'last'} day “${shorten(text)}” is not a date and was left out.`,
      );
    }
    return at;
  });
  const [start_at = null, ends_at = null] = bounds;
  if (start_at !== null && ends_at !== null && start_at >= ends_at) {
    notes.push('The first day is after the last day, so no row can match.');
  }
}

function readChoice(
  params: URLSearchParams,
  notes: string[],
  name: string | undefined,
  choice: { label: string; options?: readonly { value: string }[] } | undefined,
): string | null {
  if (name === undefined || choice === undefined) return null;
  const value = params.get(name);
  if (value === null || !choice.options || choice.options.some((option) => option.value === value)) {
    if (value !== null && value.length <= TEXT_LENGTH_MAX) return value;
    params.delete(name);
    return null;
  }
  params.delete(name);
  notes.push(`“${shorten(value)}” is no value of “${choice.label}” and was left out.`);
  return null;
}

function readFilters(
  filters: Readonly<Record<string, FilterDeclaration>>,
  params: URLSearchParams,
  notes: string[],
): Record<string, string | AmountRange | null> {
  const values: Record<string, string | AmountRange | null> = {};
  for (const [name, filter] of Object.entries(filters)) {
    if (filter.kind === 'choice') values[name] = readChoice(params, notes, name, filter);
    else if (filter.kind === 'amount') values[name] = readAmounts(params, notes, name, filter.label);
    else values[name] = readText(params, name, filter.length_max ?? TEXT_LENGTH_MAX);
  }
  return values;
}

function readText(params: URLSearchParams, name: string, length_max: number): string | null {
  const text = params.get(name)?.slice(0, length_max).toWellFormed() ?? null;
  if (text !== null) params.set(name, text);
  return text;
}

function readAmounts(params: URLSearchParams, notes: string[], name: string, label: string): AmountRange | null {
  const [min, max] = (['min', 'max'] as const).map((side) => {
    const text = params.get(`${name}_${side}`);
    if (text === null) return null;
    const amount = parseDecimal(text.replaceAll(/(?<=\d),(?=\d{3}(?:\D|$))/g, ''));
    if (amount !== null) return amount;
    params.delete(`${name}_${side}`);
    notes.push(`“${shorten(text)}” is no amount for “${label}” and was left out. Write it like 59.00.`);
    return null;
  });
  return min == null && max == null ? null : { min: min ?? null, max: max ?? null };
}

/** Leaves out sort fields that the page does not show. */
function keepSortFields({ columns }: ListDeclaration, params: URLSearchParams): void {
  const order = params
    .getAll('o')
    .flatMap((names) => names.split(','))
    .filter((name) => Object.hasOwn(columns, name.replace(/^-/, '')))
    .slice(0, 10);
  params.delete('o');
  for (const name of order) params.append('o', name);
  if (order.length === 0) params.delete('ot');
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40).toWellFormed()}…` : text;
}

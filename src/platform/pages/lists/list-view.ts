import { numberFormatter } from '#kernel/formatters';
import { formatDecimal } from '#kernel/money';
import { type AskedList, ownNames } from './ask-list.ts';
import { dayPresets, formatDays, zoneName } from './day-range.ts';
import { addressOfList, otherFields } from './list-address.ts';
import type { AmountRange, FilterDeclaration, ListOption } from './list-declaration.ts';
import type { ListChip, ListNotice, ListView } from './list-view-schema.ts';
import { pageNumbers } from './page-numbers.ts';

/** What stands in place of the rows: what will appear here, why not yet, and one action. */
export interface Notice {
  readonly title: string;
  readonly text?: string;
  readonly href?: string;
  readonly action?: string;
}

/** What a page knows about its list after reading it. */
export interface ListFacts {
  /** Rows on all pages, with the filters. */
  readonly count: number;
  /** Shown when the list has no row and no filter is set. */
  readonly empty: Notice;
  /** Shown in place of the rows to a caller without the permission. */
  readonly forbidden?: Notice | null;
  /** Sum of all pages: `$21,480.12 in total`. */
  readonly total?: string | null;
  /** Rows by the value of the tab, with the other filters; missing ones are not shown. */
  readonly tab_counts?: Readonly<Record<string, number>>;
  /** Options of choices that the declaration leaves to the data, by the name of the filter. */
  readonly options?: Readonly<Record<string, readonly ListOption[]>>;
  /** Path of the download of the list; every list has one. */
  readonly csv_path: string;
}

/** Makes what the partials of a list show: links that keep all other parameters, states in words. Pure. */
export function viewList(asked: AskedList, facts: ListFacts): ListView {
  const { declaration, params, path, reader } = asked;
  const [one, many] = declaration.noun;
  const chips = chipsOf(asked, facts.options ?? {});
  const number = numberFormatter(reader.lang, {});
  const filter_names = ['q', 'q_f', 'start_at', 'ends_at', ...ownNames(declaration)];
  const is_filtered = filter_names.some((name) => params.has(name));
  const clear_url = is_filtered
    ? addressOfList(asked, Object.fromEntries(filter_names.map((name) => [name, null])))
    : null;
  return {
    id: 'list',
    path,
    list_url: shownUrl(asked, facts.count),
    csv_url: addressOfList({ path: facts.csv_path, params }, { page: null, page_size: null }),
    count: facts.count,
    count_text: `${facts.count === 0 ? 'no' : number.format(facts.count)} ${facts.count === 1 ? one : many}`,
    tabs: tabsOf(asked, facts.tab_counts ?? {}, number),
    search:
      declaration.search === undefined
        ? null
        : { label: declaration.search, value: params.get('q') ?? '', keep: otherFields(asked, ['q']) },
    chips,
    zone: declaration.dates === undefined ? null : zoneName(reader.timezone, reader.lang),
    clear_url,
    notes: [...asked.notes],
    columns: columnsOf(asked),
    notice: noticeOf(asked, facts, chips, clear_url),
    pages: pagesOf(asked, facts, number),
  };
}

/** Returns the address of the list as it is shown: a page after the last one is the last one. */
function shownUrl(asked: AskedList, count: number): string {
  const last = lastPage(asked, count);
  return asked.list.page <= last
    ? addressOfList(asked)
    : addressOfList(asked, { page: last === 1 ? null : String(last) });
}

function lastPage({ list }: AskedList, count: number): number {
  return Math.max(1, Math.ceil(count / list.page_size));
}

function tabsOf(
  asked: AskedList,
  counts: Readonly<Record<string, number>>,
  number: Intl.NumberFormat,
): ListView['tabs'] {
  const { tabs } = asked.declaration;
  if (tabs === undefined) return null;
  const current: string = asked.tab;
  const entries = tabs.options.map(({ value, label }) => ({
    label,
    href: addressOfList(asked, { [tabs.name]: value }),
    count: counts[value] === undefined ? null : number.format(counts[value]),
    is_current: value === current,
  }));
  return { label: tabs.label, entries };
}

function columnsOf(asked: AskedList): ListView['columns'] {
  const [first] = asked.list.order;
  return Object.fromEntries(
    Object.entries(asked.declaration.columns).map(([field, { label, descending = false }]) => {
      const sorted = first?.field === field ? first : null;
      const next = sorted === null ? descending : !sorted.descending;
      const order = `${next ? '-' : ''}${field}`;
      return [
        field,
        {
          label,
          href: addressOfList(asked, { o: order === asked.declaration.order ? null : order, ot: null }),
          sort: sorted && (sorted.descending ? ('descending' as const) : ('ascending' as const)),
        },
      ];
    }),
  );
}

const no_field = { name: '', value: '' };

function chipsOf(asked: AskedList, options: Readonly<Record<string, readonly ListOption[]>>): ListChip[] {
  const { dates, filters = {} } = asked.declaration;
  const chips = Object.entries(filters).map(([name, filter]) => chipOf(asked, name, filter, options[name]));
  return dates === undefined ? chips : [datesChip(asked, dates), ...chips];
}

function datesChip(asked: AskedList, label: string): ListChip {
  const { days, reader } = asked;
  const names = ['start_at', 'ends_at'];
  const presets = dayPresets(reader.now, reader.timezone).map((preset) => ({
    label: preset.label,
    href: addressOfList(asked, { start_at: preset.range.start, ends_at: preset.range.end }),
    is_current: preset.range.start === days.start && preset.range.end === days.end,
  }));
  const is_set = days.start !== null || days.end !== null;
  const words = presets.find(({ is_current }) => is_current)?.label ?? formatDays(days, reader.lang);
  return {
    name: 'dates',
    label,
    kind: 'dates',
    text: is_set ? words : null,
    remove_url: is_set ? addressOfList(asked, { start_at: null, ends_at: null }) : null,
    value: '',
    options: [],
    from: { name: 'start_at', value: days.start ?? '' },
    to: { name: 'ends_at', value: days.end ?? '' },
    presets,
    keep: otherFields(asked, names),
  };
}

function chipOf(
  asked: AskedList,
  name: string,
  filter: FilterDeclaration,
  options: readonly ListOption[] = filter.kind === 'choice' ? (filter.options ?? []) : [],
): ListChip {
  const { params } = asked;
  const names = filter.kind === 'amount' ? [`${name}_min`, `${name}_max`] : [name];
  // Cast: parseList made a value of the filter's kind for each declared name.
  const value = (asked.filters as Readonly<Record<string, string | AmountRange | null>>)[name] ?? null;
  const is_set = value !== null;
  const range = is_set && typeof value !== 'string' ? value : null;
  return {
    name,
    label: filter.label,
    kind: filter.kind,
    text: range ? amountWords(range) : wordsOf(value, options),
    remove_url: is_set ? addressOfList(asked, Object.fromEntries(names.map((each) => [each, null]))) : null,
    value: typeof value === 'string' ? value : '',
    options: options.map((option) => ({ ...option, is_chosen: option.value === value })),
    from: filter.kind === 'amount' ? { name: `${name}_min`, value: params.get(`${name}_min`) ?? '' } : no_field,
    to: filter.kind === 'amount' ? { name: `${name}_max`, value: params.get(`${name}_max`) ?? '' } : no_field,
    presets: [],
    keep: otherFields(asked, names),
  };
}

function wordsOf(value: string | AmountRange | null, options: readonly ListOption[]): string | null {
  if (typeof value !== 'string') return null;
  return options.find((option) => option.value === value)?.label ?? value;
}

function amountWords({ min, max }: AmountRange): string {
  if (min !== null && max !== null) return `${formatDecimal(min)} to ${formatDecimal(max)}`;
  return min === null ? `up to ${formatDecimal(max ?? 0)}` : `from ${formatDecimal(min)}`;
}

function noticeOf(
  asked: AskedList,
  { count, empty, forbidden }: ListFacts,
  chips: readonly ListChip[],
  clear_url: string | null,
): ListNotice | null {
  if (forbidden) return { ...noticeWords(forbidden), kind: 'forbidden' };
  if (count > 0) return null;
  if (clear_url === null) return { ...noticeWords(empty), kind: 'empty' };
  const { noun, tabs } = asked.declaration;
  const query = asked.params.get('q');
  const tab = tabs?.options.find(({ value }) => value !== '' && value === asked.tab);
  const words = [
    ...(tab ? [`${tabs?.label}: ${tab.label}`] : []),
    ...chips.flatMap(({ label, text }) => (text === null ? [] : [`${label}: ${text}`])),
  ];
  return {
    kind: 'nothing_found',
    title: query === null ? `No ${noun[0]} matches the filters` : `No ${noun[0]} matches “${query}”`,
    text: words.length === 0 ? null : `Filters: ${words.join(', ')}.`,
    href: clear_url,
    action: 'Clear the filters',
  };
}

function noticeWords({
  title,
  text = null,
  href = null,
  action = null,
}: { [Key in keyof Notice]: Notice[Key] | null } & { title: string }) {
  return { title, text, href, action };
}

function pagesOf(asked: AskedList, { count, total }: ListFacts, number: Intl.NumberFormat): ListView['pages'] {
  const { list, declaration } = asked;
  const last = lastPage(asked, count);
  const current = Math.min(list.page, last);
  const first_row = (current - 1) * list.page_size + 1;
  const last_row = Math.min(count, first_row + list.page_size - 1);
  const noun = declaration.noun[count === 1 ? 0 : 1];
  const rows =
    last === 1
      ? `${number.format(count)} ${noun}`
      : `${number.format(first_row)} to ${number.format(last_row)} of ${number.format(count)} ${noun}`;
  const address = (page: number) => addressOfList(asked, { page: page === 1 ? null : String(page) });
  return {
    text: total == null ? rows : `${rows} · ${total}`,
    previous: current > 1 ? address(current - 1) : null,
    next: current < last ? address(current + 1) : null,
    numbers: pageNumbers(current, last).map((page) => ({
      number: page,
      href: page === null ? null : address(page),
      is_current: page === current,
    })),
  };
}

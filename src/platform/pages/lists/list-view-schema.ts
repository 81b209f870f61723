import { type Static, Type } from 'typebox';

const NullableText = Type.Union([Type.String(), Type.Null()]);
const Field = Type.Object({ name: Type.String(), value: Type.String() });
const Option = Type.Object({ value: Type.String(), label: Type.String(), is_chosen: Type.Boolean() });

const ChipPart = Type.Object({
  name: Type.String(),
  label: Type.String(),
  kind: Type.Enum(['choice', 'text', 'amount', 'dates']),
  /** Words of the value; null when the filter is not set. */
  text: NullableText,
  /** Address of the list without this filter; null when it is not set. */
  remove_url: NullableText,
  /** Value of a text field; '' when not set. */
  value: Type.String(),
  /** Values of a choice. */
  options: Type.Array(Option),
  /** Bounds of an amount or of days, as the fields show them; '' is unbounded. */
  from: Type.Object({ name: Type.String(), value: Type.String() }),
  to: Type.Object({ name: Type.String(), value: Type.String() }),
  /** Ranges of days that a reader chooses most. */
  presets: Type.Array(Type.Object({ label: Type.String(), href: Type.String(), is_current: Type.Boolean() })),
  /** Hidden fields of the form of the filter. */
  keep: Type.Array(Field),
});

const NoticePart = Type.Object({
  kind: Type.Enum(['empty', 'nothing_found', 'forbidden']),
  title: Type.String(),
  text: NullableText,
  href: NullableText,
  action: NullableText,
});

const PageNumber = Type.Object({
  /** Null for a gap. */
  number: Type.Union([Type.Integer(), Type.Null()]),
  href: NullableText,
  is_current: Type.Boolean(),
});

/** Everything about a list page but its rows, for `_list_head.html`, `_th.html` and `_pages.html`. */
export const ListViewPart = Type.Object({
  id: Type.String(),
  /** Path of the list, without its query: the action of its forms. */
  path: Type.String(),
  /** Address of the list as it is shown, for `next` of the pages of its rows. */
  list_url: Type.String(),
  /** Address of the download, with the filters of the list. */
  csv_url: Type.String(),
  count: Type.Integer(),
  /** `412 charges`, `no charges`. */
  count_text: Type.String(),
  tabs: Type.Union([
    Type.Object({
      label: Type.String(),
      entries: Type.Array(
        Type.Object({
          label: Type.String(),
          href: Type.String(),
          /** Formatted; null when it is not counted. */
          count: NullableText,
          is_current: Type.Boolean(),
        }),
      ),
    }),
    Type.Null(),
  ]),
  search: Type.Union([
    Type.Object({ label: Type.String(), value: Type.String(), keep: Type.Array(Field) }),
    Type.Null(),
  ]),
  chips: Type.Array(ChipPart),
  /** Name of the zone of the days; null for a list without dates. */
  zone: NullableText,
  clear_url: NullableText,
  notes: Type.Array(Type.String()),
  columns: Type.Record(
    Type.String(),
    Type.Object({
      label: Type.String(),
      href: Type.String(),
      sort: Type.Union([Type.Literal('ascending'), Type.Literal('descending'), Type.Null()]),
    }),
  ),
  /** What stands in place of the table; null when there are rows. */
  notice: Type.Union([NoticePart, Type.Null()]),
  pages: Type.Object({
    /** `1 to 25 of 412 charges · $21,480.12 in total`. */
    text: Type.String(),
    previous: NullableText,
    next: NullableText,
    /** Empty when there is one page. */
    numbers: Type.Array(PageNumber),
  }),
});

export type ListView = Static<typeof ListViewPart>;
export type ListChip = Static<typeof ChipPart>;
export type ListNotice = Static<typeof NoticePart>;

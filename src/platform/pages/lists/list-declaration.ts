/** One value of a tab or of a choice, with its words. */
export interface ListOption<Value extends string = string> {
  readonly value: Value;
  readonly label: string;
}

/** A filter besides search, tabs and dates; its name is its parameter in the address. */
export type FilterDeclaration =
  /** One of `options`. Without them, the page gives the options of its data to `viewList`. */
  | { readonly kind: 'choice'; readonly label: string; readonly options?: readonly ListOption[] }
  | { readonly kind: 'text'; readonly label: string; readonly length_max?: number }
  /** Parameters `<name>_min` and `<name>_max`: decimal numbers, both inclusive. */
  | { readonly kind: 'amount'; readonly label: string };

/** A column that the reader can sort by. */
export interface ColumnDeclaration {
  readonly label: string;
  /** The first click sorts from the last to the first value: dates and amounts. */
  readonly descending?: boolean;
}

/** What a list page offers to its reader. */
export interface ListDeclaration {
  /** What a row is, singular and plural: `['charge', 'charges']`. */
  readonly noun: readonly [one: string, many: string];
  /** Label of the search field; a list without it is not searched. */
  readonly search?: string;
  /** Sort fields, as the room's list names them in `sort`. */
  readonly columns: Readonly<Record<string, ColumnDeclaration>>;
  /** Order without `o`: a name of `columns`, with `-` when descending. Omitted: the order of the room's list. */
  readonly order?: string;
  /** Label of the date range; a list without it has none. */
  readonly dates?: string;
  /** The filter that stands above the list. The first option is the list without it and has the value ''. */
  readonly tabs?: { readonly name: string; readonly label: string; readonly options: readonly ListOption[] };
  readonly filters?: Readonly<Record<string, FilterDeclaration>>;
}

/** Bounds of an amount filter in 1/100 of the unit, inclusive; null is unbounded. */
export interface AmountRange {
  readonly min: number | null;
  readonly max: number | null;
}

type ValueOf<Filter> = Filter extends { kind: 'amount' }
  ? AmountRange
  : Filter extends { options: readonly { value: infer Value }[] }
    ? Value
    : string;

/** Values of the declared filters; null when a filter is not set. */
export type FilterValues<Declaration extends ListDeclaration> = Declaration extends { filters: infer Filters }
  ? { readonly [Name in keyof Filters]: ValueOf<Filters[Name]> | null }
  : Readonly<Record<never, never>>;

/** Value of the open tab; '' is the first one, without the filter. */
export type TabValue<Declaration extends ListDeclaration> = Declaration extends {
  tabs: { options: readonly { value: infer Value }[] };
}
  ? Value
  : '';

/** Defines a list page with literal names, so that the values of its filters are typed. */
export function defineListPage<const Declaration extends ListDeclaration>(declaration: Declaration): Declaration {
  return declaration;
}

import { type TSchema, Type } from 'typebox';
import { invalidInput } from '#kernel/problem';
import { EXTRA_BYTES_MAX, jsonBytes } from './guards/json-size.ts';

/** An instant in JSON: ISO 8601 with `Z`. */
export const IsoInstant = Type.String({ format: 'date-time' });
export const NullableInstant = Type.Union([Type.String({ format: 'date-time' }), Type.Null()]);
export const NullableString = Type.Union([Type.String(), Type.Null()]);

/** Additional facts of a row: any JSON, stored as text, returned unchanged. */
export const Extra = Type.Unsafe<unknown>({
  description: `Extra meta data, as a string or as JSON; at most ${EXTRA_BYTES_MAX} bytes`,
  'x-max-json-bytes': EXTRA_BYTES_MAX,
});

export const SlugParam = Type.String({ minLength: 1, maxLength: 150 });

const fieldNames = Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: 20 })]);

/** Names that one list accepts in `q_f` (search) and `o` (sort). */
interface ListFields {
  search: Readonly<Record<string, unknown>>;
  sort: Readonly<Record<string, unknown>>;
}

/** Query parameters of a list. The documentation names the fields; other names in `q_f` and `o` are ignored. */
export function listQuerystring({ search, sort }: ListFields) {
  return Type.Object({
    page: Type.Optional(Type.String({ description: 'Page, from 1' })),
    page_size: Type.Optional(Type.String({ description: 'Rows on a page: 1 to 100, 25 when omitted' })),
    q: Type.Optional(
      Type.String({ maxLength: 500, description: 'Terms to search for, separated by commas; any may match' }),
    ),
    q_f: Type.Optional({ ...fieldNames, ...describeFields('Fields to search in', Object.keys(search)) }),
    o: Type.Optional({
      ...fieldNames,
      ...describeFields('Fields to sort by; a leading - reverses the order', Object.keys(sort)),
    }),
    ot: Type.Optional(Type.String({ description: 'asc or desc, with a single field in o' })),
    start_at: Type.Optional(Type.String({ maxLength: 64, description: 'Rows from this instant on' })),
    ends_at: Type.Optional(Type.String({ maxLength: 64, description: 'Rows before this instant' })),
    timezone: Type.Optional(
      Type.String({ maxLength: 100, description: 'IANA time zone of instants that have no offset' }),
    ),
  });
}

/** Fields of a list that is neither searched nor sorted. */
export const fixedOrder: ListFields = { search: {}, sort: {} };

/** Annotation of a query parameter: the names that have an effect. It refuses nothing. */
export const NAMES_KEYWORD = 'x-names';

function describeFields(effect: string, names: readonly string[]) {
  const description =
    names.length === 0 ? 'Ignored by this list' : `${effect}: ${names.join(', ')}. Others are ignored`;
  return { description, [NAMES_KEYWORD]: names };
}

/** The envelope of a list. */
export function PageOf<T extends TSchema>(row: T) {
  return Type.Object({
    count: Type.Integer({ description: 'Rows on all pages' }),
    next: NullableString,
    previous: NullableString,
    results: Type.Array(row),
  });
}

/** Any response that is not a success. Field errors are beside `code` under the field's own name. */
export const ProblemReply = Type.Object(
  {
    detail: Type.Optional(Type.String()),
    code: Type.String(),
    errors: Type.Optional(
      Type.Unsafe<Record<string, unknown>>({ description: 'Errors of fields that are named `code` or `detail`' }),
    ),
  },
  {
    additionalProperties: true,
    description:
      'A refusal: `detail` is a sentence for users, `code` is for programs; field errors are under their field.',
  },
);

export const Detail = Type.Object({ detail: Type.String() });

/**
 * Returns the stored text of `extra` for the value of a request.
 *
 * @throws invalid_input (400) naming `extra` when it is too large
 */
export function extraToText(value: unknown): string | null {
  if (value === undefined || value === null || value === '') return null;
  if (jsonBytes(value) > EXTRA_BYTES_MAX)
    throw invalidInput({ extra: [`This field has more than ${EXTRA_BYTES_MAX} bytes of JSON.`] });
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Returns the JSON value of the stored text, or the text when it is not JSON. */
export function extraFromText(text: string | null): unknown {
  if (text === null) return null;
  if (!/^[[{"]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Query of a deletion that loses something: `force=1` accepts it. */
export const ForceQuery = Type.Object({
  force: Type.Optional(Type.String({ pattern: '^[01]?$', description: '1 deletes although credit is lost' })),
});

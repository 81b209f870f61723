import { type Static, Type } from 'typebox';

/** An action of a row, for `_row_actions.html`: a link, or a form that is posted to the page. */
export const RowActionPart = Type.Object({
  label: Type.String(),
  href: Type.Union([Type.String(), Type.Null()]),
  fields: Type.Union([Type.Array(Type.Object({ name: Type.String(), value: Type.String() })), Type.Null()]),
  is_danger: Type.Boolean(),
});

export type RowAction = Static<typeof RowActionPart>;

/** Returns an action that opens a page. */
export function linkAction(label: string, href: string, { is_danger = false } = {}): RowAction {
  return { label, href, fields: null, is_danger };
}

/** Returns an action that posts fields to the page of the list. */
export function postAction(
  label: string,
  fields: Readonly<Record<string, string>>,
  { is_danger = false } = {},
): RowAction {
  return {
    label,
    href: null,
    fields: Object.entries(fields).map(([name, value]) => ({ name, value })),
    is_danger,
  };
}

import { type Static, Type } from 'typebox';
import type { EditConflict } from './edit-version.ts';
import type { Form, Fields, FormInput, Refusal } from './form.ts';
import type { FormContext } from './field.ts';

/** Member `conflict` of a page with an edit form: what changed meanwhile, or null. */
export const ConflictView = Type.Union([
  Type.Null(),
  Type.Object({
    /** Person who made the change, or '' if unknown. */
    by: Type.String(),
    changes: Type.Array(Type.Object({ label: Type.String(), now: Type.String(), yours: Type.String() })),
  }),
]);
export type ConflictView = Static<typeof ConflictView>;

/** Returns what changed meanwhile: of each field the present value, and the text of the person who saves second. */
export function viewConflict<F extends Fields>(
  form: Form<F>,
  {
    conflict,
    values,
    refusal,
    by = '',
  }: { conflict: EditConflict | null; values: Partial<FormInput<F>>; refusal: Refusal; by?: string },
  context: FormContext,
): ConflictView {
  if (conflict === null) return null;
  const now = form.view(values, context);
  return {
    by,
    changes: conflict.names.map((name) => ({
      label: now.fields[name]?.label ?? name,
      now: now.form[name] ?? '',
      yours: refusal.texts[name] ?? '',
    })),
  };
}

import { type Static, type TObject, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { type FieldMessages, invalidInput } from '#kernel/problem';
import { cutText } from '#kernel/text';
import { type FormProblem, problemToForm } from '../../http/forms.ts';
import { isSecretName } from './secret-names.ts';
import type { AnyField, Field, FieldView, FormContext } from './field.ts';

export type Fields = Readonly<Record<string, AnyField>>;

/** Values of the fields of a form, as the verb takes them. */
export type FormInput<F extends Fields> = { [Name in keyof F]: F[Name] extends Field<infer Value> ? Value : never };

/** Texts of a form by field, as templates print them; secrets are empty. */
export type FormTexts = Readonly<Record<string, string>>;

/** A refused form: what was wrong, and the texts that the page shows again. */
export interface Refusal extends FormProblem {
  readonly texts: FormTexts;
}

/** Members of the data of a page with a form. Partials read them by these names. */
export const form_view = {
  form: Type.Record(Type.String(), Type.String()),
  fields: Type.Record(Type.String(), Type.Unsafe<FieldView>({})),
  /** Messages by field. */
  errors: Type.Unsafe<FieldMessages>(Type.Record(Type.String(), Type.Array(Type.String()))),
  /** Message about the whole form; empty if there is none. */
  detail: Type.String(),
  /** Page that resolves the refusal, or null. */
  resolve_url: Type.Union([Type.String(), Type.Null()]),
  /** Number of fields to correct. */
  error_count: Type.Integer(),
} satisfies Record<string, TSchema>;

const FormView = Type.Object(form_view);
export type FormView = Static<typeof FormView>;

/** A form: its fields, declared once. */
export interface Form<F extends Fields> {
  readonly fields: F;
  /**
   * Reads every field of a posted form.
   * @throws invalid_input (400) with the messages of all fields together
   */
  read(body: unknown, context: FormContext): FormInput<F>;
  /** Returns the refusal of a posted form, for `view`. Rethrows bugs and problems that redirect. */
  refuse(error: unknown, body: unknown): Refusal;
  /** Returns the members of the page: texts of the values, or of the refused form. */
  view(values: Partial<FormInput<F>>, context: FormContext, refusal?: Refusal | null): FormView;
}

/**
 * Declares a form. With `schema`, the schema of the verb's body, values are also checked against it.
 *
 * The process ends at the start when a field has an unusable name, or a secret has a name under which it would be kept.
 */
export function defineForm<const F extends Fields>(fields: F, schema?: TObject): Form<F> {
  for (const [name, { kind }] of Object.entries(fields)) {
    if (!/^[a-z][-a-z0-9_.]*$/i.test(name)) throw new Error(`the field ${name} has no usable name`);
    if (kind === 'secret' && !isSecretName(name))
      throw new Error(`the name ${name} does not mark its field as a secret`);
  }
  const checkValue = makeCheck(fields, schema);
  return {
    fields,
    read(body, context) {
      const values: Record<string, unknown> = {};
      const errors: Record<string, readonly string[]> = {};
      for (const [name, field] of Object.entries(fields)) {
        const reading = field.read(fieldText(body, name, field), name, context);
        const message = 'message' in reading ? reading.message : checkValue(name, reading.value);
        if (message !== null) errors[name] = [message];
        else if ('value' in reading) values[name] = reading.value;
      }
      if (Object.keys(errors).length > 0) throw invalidInput(errors);
      return values as FormInput<F>; // every field was read
    },
    refuse: (error, body) => ({ ...problemToForm(error), texts: textsOf(fields, body) }),
    view(values, context, refusal = null) {
      const errors = refusal?.errors ?? {};
      return {
        form: refusal?.texts ?? printAll(fields, values, context),
        fields: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.view(name, context)])),
        errors,
        detail: refusal?.detail ?? '',
        resolve_url: refusal?.location ?? null,
        error_count: Object.keys(errors).length,
      };
    },
  };
}

/** Returns the text of a field of a posted form; '' when absent or repeated. */
function fieldText(body: unknown, name: string, { length_max, untrimmed }: AnyField): string {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return '';
  const value: unknown = Reflect.get(body, name);
  if (typeof value !== 'string') return '';
  return cutText(untrimmed ? value : value.trim(), length_max);
}

function textsOf(fields: Fields, body: unknown): FormTexts {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, field.kind === 'secret' ? '' : fieldText(body, name, field)]),
  );
}

function printAll(fields: Fields, values: Readonly<Record<string, unknown>>, context: FormContext): FormTexts {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      const value = values[name];
      return [name, value === undefined || value === null ? '' : field.print(value, name, context)];
    }),
  );
}

/** Returns the check of one value against the member of the schema with its name: the message, or null. */
function makeCheck(fields: Fields, schema: TObject | undefined): (name: string, value: unknown) => string | null {
  const validators = new Map(
    Object.entries(schema?.properties ?? {})
      .filter(([name]) => Object.hasOwn(fields, name))
      .map(([name, member]) => [name, Compile(member)]),
  );
  return (name, value) => {
    const validator = validators.get(name);
    const sent = value instanceof Date ? value.toISOString() : value;
    // An empty optional field is left out of the body.
    if (validator === undefined || sent === null || validator.Check(sent)) return null;
    const [issue] = validator.Errors(sent);
    return issue === undefined ? 'Not valid.' : correctionOf(issue.keyword, issue.params, issue.message);
  };
}

function correctionOf(keyword: string, params: object, message: string): string {
  const limit = String(Reflect.get(params, 'limit'));
  switch (keyword) {
    case 'minLength':
      return limit === '1' ? 'This field is required.' : `Use at least ${limit} characters.`;
    case 'maxLength':
      return `Use at most ${limit} characters.`;
    case 'minimum':
      return `Write ${limit} or more.`;
    case 'maximum':
      return `Write ${limit} or less.`;
    case 'enum':
    case 'anyOf':
    case 'const':
      return 'Choose one of the list.';
    default:
      return `This value ${message}.`;
  }
}

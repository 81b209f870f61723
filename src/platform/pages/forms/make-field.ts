import type { Field, FieldKind, FieldView, FormContext } from './field.ts';

/** Members that every field accepts. */
export interface FieldOptions {
  readonly label: string;
  readonly help?: string;
  readonly autocomplete?: string;
}

/** Longest text of a field that declares no limit. */
export const TEXT_LENGTH_MAX = 2000;

/** Makes a field of its kind, its view and its two conversions. */
export function makeField<Value>(
  kind: FieldKind,
  options: FieldOptions,
  parts: Pick<Field<Value>, 'read' | 'print'> & {
    optional?: boolean;
    length_max?: number;
    untrimmed?: boolean;
    view?: Partial<FieldView>;
    viewIn?: (name: string, context: FormContext) => Partial<FieldView>;
  },
): Field<Value> {
  const { optional = false, length_max = TEXT_LENGTH_MAX, untrimmed = false } = parts;
  return {
    kind,
    label: options.label,
    optional,
    length_max,
    untrimmed,
    read: parts.read,
    print: parts.print,
    view: (name, context) => ({
      kind,
      label: options.label,
      help: options.help ?? '',
      optional,
      type: 'text',
      inputmode: '',
      autocomplete: options.autocomplete ?? '',
      maxlength: 0,
      prefix: '',
      suffix: '',
      choices: [],
      unit_field: '',
      source: '',
      invite: '',
      ...parts.view,
      ...parts.viewIn?.(name, context),
    }),
  };
}

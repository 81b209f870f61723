/** How a reader writes and sees values: fields read and print texts by it. */
export interface FormContext {
  /** BCP 47 tag, for numbers. */
  readonly locale: string;
  /** IANA name; days of date fields begin in this zone. */
  readonly timezone: string;
  /** Currency of money fields without one of their own, as a lower-case ISO 4217 code. */
  readonly unit?: string;
  /** Choices of fields whose choices depend on the page, by field. */
  readonly choices?: Readonly<Record<string, readonly Choice[]>>;
  /** Bounds of money fields that depend on the page, by field; inclusive, in 1/100 of the unit. */
  readonly bounds?: Readonly<Record<string, Bounds>>;
}

export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** One choice of a select or of radio rows. */
export interface Choice {
  readonly value: string;
  readonly label: string;
  /** Consequence of the choice, one line. */
  readonly note?: string;
  /** Price or amount of the choice, formatted. */
  readonly price?: string;
}

export type FieldKind =
  | 'text'
  | 'textarea'
  | 'secret'
  | 'money'
  | 'percent'
  | 'number'
  | 'date'
  | 'choice'
  | 'checkbox'
  | 'typeahead';

/** What a partial prints of a field, besides its value and its messages. */
export interface FieldView {
  readonly kind: FieldKind;
  readonly label: string;
  readonly help: string;
  readonly optional: boolean;
  /** Type of the input element. */
  readonly type: string;
  readonly inputmode: string;
  readonly autocomplete: string;
  /** Longest text; 0 when the field has no limit. */
  readonly maxlength: number;
  readonly prefix: string;
  readonly suffix: string;
  readonly choices: readonly Choice[];
  /** Field that has the unit of the period, or ''. */
  readonly unit_field: string;
  /** Address that returns candidates of a typeahead as JSON, or ''. */
  readonly source: string;
  /** Text of the last row of a typeahead, which offers to use an unknown text, or ''. */
  readonly invite: string;
}

/** Result of reading one text: the value, or what to correct. */
export type Reading<Value> = { readonly value: Value } | { readonly message: string };

/** One field of a form: how its value is read from a text and printed as one. */
export interface Field<Value> {
  readonly kind: FieldKind;
  readonly label: string;
  /** True if the field may be left empty. */
  readonly optional: boolean;
  /** Longest text that is read. */
  readonly length_max: number;
  /** True if blanks around the text are part of the value. */
  readonly untrimmed: boolean;
  read(text: string, name: string, context: FormContext): Reading<Value>;
  print(value: Value, name: string, context: FormContext): string;
  view(name: string, context: FormContext): FieldView;
}

/** A field of any value, for records of fields. */
export type AnyField = Field<unknown>;

export const REQUIRED = 'This field is required.';

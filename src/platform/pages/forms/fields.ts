import { isInRange, parseInstant } from '#kernel/instant';
import { chargeStep, formatMoney, isCurrency } from '#kernel/money';
import { type PeriodType, periodNoun, periodTypes } from '#kernel/period';
import { readDecimalText, toInteger, writeDecimalText } from './decimal-text.ts';
import { lastDayBefore, nextDay, printDay, readDay } from './day-text.ts';
import {
  type Bounds,
  type Choice,
  type Field,
  type FieldKind,
  type FieldView,
  type FormContext,
  type Reading,
  REQUIRED,
} from './field.ts';

/** Members that every field accepts. */
export interface FieldOptions {
  readonly label: string;
  readonly help?: string;
  readonly autocomplete?: string;
}

const TEXT_LENGTH_MAX = 2000;
const NUMBER_LENGTH_MAX = 60;

/** Makes a field of its kind, its view and its two conversions. */
function makeField<Value>(
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

/** Makes a field optional: an empty text is read as null. Checkboxes and hidden fields are never empty. */
export function optional<Value>(field: Field<Value>): Field<Value | null> {
  return {
    ...field,
    optional: true,
    read: (text, name, context) => (text === '' ? { value: null } : field.read(text, name, context)),
    print: (value, name, context) => (value === null ? '' : field.print(value, name, context)),
    view: (name, context) => ({ ...field.view(name, context), optional: true }),
  };
}

export interface TextOptions extends FieldOptions {
  /** The empty text is a value. */
  readonly optional?: boolean;
  readonly length_max?: number;
  readonly length_min?: number;
  /** Type of the input element; the verb checks the form of the text. */
  readonly type?: 'text' | 'email' | 'tel' | 'url' | 'search';
}

/** A text on one line, trimmed. */
export function text(options: TextOptions): Field<string> {
  const { length_max = TEXT_LENGTH_MAX } = options;
  return makeField('text', options, {
    ...textParts(options),
    length_max: length_max + 1,
    view: { type: options.type ?? 'text', maxlength: length_max },
  });
}

/** A text of several lines, trimmed; line ends become `\n`. */
export function multiline(options: TextOptions): Field<string> {
  const { read, print } = textParts(options);
  return makeField('textarea', options, {
    optional: options.optional ?? false,
    read: (value, name, context) => read(value.replace(/\r\n?/g, '\n'), name, context),
    print,
    // Browsers send two characters for a line end.
    length_max: 2 * (options.length_max ?? TEXT_LENGTH_MAX) + 1,
    view: { type: 'textarea', maxlength: options.length_max ?? TEXT_LENGTH_MAX },
  });
}

/** A password or another secret: never trimmed, printed, kept or logged. */
export function secret(options: FieldOptions & { readonly optional?: boolean }): Field<string> {
  return makeField('secret', options, {
    optional: options.optional ?? false,
    untrimmed: true,
    length_max: 1024,
    read: (value) => (value === '' && options.optional !== true ? { message: REQUIRED } : { value }),
    print: () => '',
    view: { type: 'password' },
  });
}

function textParts(options: TextOptions): Pick<Field<string>, 'read' | 'print'> & { optional: boolean } {
  const { length_max = TEXT_LENGTH_MAX, length_min = 0 } = options;
  return {
    optional: options.optional ?? false,
    read: (value) => {
      if (value === '') return options.optional === true ? { value } : { message: REQUIRED };
      if (value.length > length_max) return { message: `Use at most ${length_max} characters.` };
      return value.length < length_min ? { message: `Use at least ${length_min} characters.` } : { value };
    },
    print: (value) => value,
  };
}

export interface MoneyOptions extends FieldOptions, Bounds {
  /** Lower-case ISO 4217 code; by default the unit of the context. */
  readonly unit?: string;
  /** Negative amounts are refused unless this is set. */
  readonly negative?: boolean;
}

/**
 * An amount as a person of the reader's locale writes it: `59`, `59.00`, `1,121.20`.
 * Units: 1/100 of the currency, exact. Amounts that cannot be charged in the currency are refused: ¥59.50.
 */
export function money(options: MoneyOptions): Field<number> {
  const unitOf = (context: FormContext) => options.unit ?? context.unit ?? '';
  return makeField<number>('money', options, {
    length_max: NUMBER_LENGTH_MAX,
    read: (value, name, context) => {
      if (value === '') return { message: REQUIRED };
      const unit = unitOf(context);
      const digits = readDecimalText(withoutCurrency(value, unit), context.locale);
      const amount = digits === null ? null : toInteger(digits, 2);
      if (amount === null || amount % chargeStep(unit) !== 0) return { message: writeItLike(unit, context.locale) };
      if (amount < 0 && options.negative !== true) return { message: 'Write an amount without a minus sign.' };
      return within(amount, { ...options, ...context.bounds?.[name] }, (bound) =>
        formatMoney({ amount: bound, unit: unit === '' ? null : unit }, context.locale),
      );
    },
    print: (amount, _name, context) => {
      const whole_only = chargeStep(unitOf(context)) === 100 && amount % 100 === 0;
      return writeDecimalText(whole_only ? amount / 100 : amount, whole_only ? 0 : 2, context.locale);
    },
    viewIn: (_name, context) => ({
      inputmode: options.negative === true ? 'text' : 'decimal',
      maxlength: NUMBER_LENGTH_MAX,
      prefix: symbolOf(unitOf(context)),
      suffix: unitOf(context).toUpperCase(),
    }),
  });
}

/** A percentage with two decimals. Units: basis points; 0 to 10000 by default. */
export function percent(options: FieldOptions & Bounds): Field<number> {
  const bounds = { min: options.min ?? 0, max: options.max ?? 10_000 };
  const printBps = (bps: number, locale: string) =>
    bps % 100 === 0 ? String(bps / 100) : writeDecimalText(bps, 2, locale);
  return makeField('percent', options, {
    length_max: NUMBER_LENGTH_MAX,
    read: (value, _name, { locale }) => {
      if (value === '') return { message: REQUIRED };
      const digits = readDecimalText(value.replace(/\s*[%٪]$/, ''), locale);
      const bps = digits === null ? null : toInteger(digits, 2);
      if (bps === null) return { message: `Write it like ${writeDecimalText(1250, 2, locale)}.` };
      return within(bps, bounds, (bound) => `${printBps(bound, locale)}%`);
    },
    print: (bps, _name, { locale }) => printBps(bps, locale),
    view: { inputmode: 'decimal', maxlength: NUMBER_LENGTH_MAX, suffix: '%' },
  });
}

/** A whole number; 0 or more by default. */
export function wholeNumber(options: FieldOptions & Bounds): Field<number> {
  const bounds = { min: options.min ?? 0, ...(options.max === undefined ? {} : { max: options.max }) };
  return makeField('number', options, {
    length_max: NUMBER_LENGTH_MAX,
    read: (value, _name, { locale }) => {
      if (value === '') return { message: REQUIRED };
      const digits = readDecimalText(value, locale);
      const count = digits === null ? null : toInteger(digits, 0);
      return count === null ? { message: 'Write a whole number, like 12.' } : within(count, bounds, String);
    },
    print: String,
    view: { inputmode: 'numeric', maxlength: NUMBER_LENGTH_MAX },
  });
}

/** A period: a number and a unit, read into two members of the verb's body. `_period_field.html` prints both. */
export function period<const Length extends string, const Unit extends string>(
  names: { length: Length; unit: Unit },
  options: FieldOptions & { readonly max?: number; readonly units?: readonly PeriodType[] },
): Readonly<Record<Length, Field<number>> & Record<Unit, Field<PeriodType>>> {
  const { units = periodTypes, max = 1000 } = options;
  const length = wholeNumber({ ...options, min: 1, max });
  const unit = choice<PeriodType>({
    label: `${options.label}: unit`,
    choices: units.map((value) => ({ value, label: periodNoun(value, 1) })),
  });
  const parts = {
    [names.length]: {
      ...length,
      view: (name: string, context: FormContext) => ({ ...length.view(name, context), unit_field: names.unit }),
    },
    [names.unit]: unit,
  };
  return parts as Record<Length, Field<number>> & Record<Unit, Field<PeriodType>>; // computed keys lose their names
}

/**
 * A day of `<input type="date">` as an instant: its first instant in the zone of the context.
 *
 * With `bound: 'after'` the value is exclusive, and the day is the last one included: the first instant of the next day.
 */
export function date(
  options: FieldOptions & { readonly bound?: 'start' | 'after'; readonly after?: Date; readonly before?: Date },
): Field<Date> {
  const isLast = options.bound === 'after';
  return makeField<Date>('date', options, {
    length_max: 10,
    read: (value, _name, { timezone, locale }) => {
      if (value === '') return { message: REQUIRED };
      const day = readDay(value);
      const at = day === null ? null : parseInstant(isLast ? nextDay(day) : day, timezone);
      if (at === null || !isInRange(at)) return { message: 'Write it like 2026-11-25.' };
      if (options.after !== undefined && at <= options.after)
        return { message: `Choose a day after ${printDay(options.after, timezone, locale)}.` };
      if (options.before !== undefined && at >= options.before)
        return { message: `Choose a day before ${printDay(options.before, timezone, locale)}.` };
      return { value: at };
    },
    print: (at, _name, { timezone }) => lastDayBefore(at, timezone, isLast),
    view: { type: 'date' },
  });
}

/** One of several values. Without `choices` they come from the context, by the name of the field. */
export function choice<Value extends string = string>(
  options: FieldOptions & { readonly choices?: readonly (Choice & { readonly value: Value })[] },
): Field<Value> {
  const offered = (name: string, context: FormContext): readonly Choice[] =>
    options.choices ?? context.choices?.[name] ?? [];
  return makeField<Value>('choice', options, {
    length_max: 300,
    read: (value, name, context) => {
      if (value === '') return { message: 'Choose one.' };
      const found = offered(name, context).find((each) => each.value === value);
      return found === undefined ? { message: 'Choose one of the list.' } : { value: found.value as Value }; // one of them
    },
    print: (value) => value,
    viewIn: (name, context) => ({ choices: offered(name, context) }),
  });
}

/** A box to tick; `help` states the effect of "off". */
export function checkbox(options: FieldOptions): Field<boolean> {
  return makeField('checkbox', options, {
    optional: true,
    length_max: 5,
    read: (value) => ({ value: ['1', 'on', 'true', 'yes'].includes(value.toLowerCase()) }),
    print: (value) => (value ? '1' : ''),
    view: { type: 'checkbox' },
  });
}

/** A text that names a thing, with candidates while it is typed; see `pickCandidate`. */
export function typeahead(
  options: TextOptions & { readonly source?: string; readonly invite?: string },
): Field<string> {
  const { length_max = 254 } = options;
  return makeField('typeahead', options, {
    ...textParts({ ...options, length_max }),
    length_max: length_max + 1,
    view: { maxlength: length_max, source: options.source ?? '', invite: options.invite ?? '', autocomplete: 'off' },
  });
}

/** A value that the page carries. It is input like any other: the verb must check it. */
export function hidden(options: { readonly length_max?: number } = {}): Field<string> {
  return makeField('hidden', { label: '' }, {
    optional: true,
    length_max: options.length_max ?? TEXT_LENGTH_MAX,
    read: (value) => ({ value }),
    print: (value) => value,
    view: { type: 'hidden' },
  });
}

function within(value: number, { min, max }: Bounds, print: (bound: number) => string): Reading<number> {
  if (min !== undefined && value < min) return { message: `Write ${print(min)} or more.` };
  if (max !== undefined && value > max) return { message: `Write ${print(max)} or less.` };
  return { value };
}

function writeItLike(unit: string, locale: string): string {
  return `Write it like ${chargeStep(unit) === 100 ? '59' : writeDecimalText(5900, 2, locale)}.`;
}

function symbolOf(unit: string): string {
  return isCurrency(unit) ? formatMoney({ amount: 0, unit }).replace(/[\d.,]+$/, '') : '';
}

/** Removes the symbol or the code of the currency, which people copy with an amount. */
function withoutCurrency(value: string, unit: string): string {
  if (unit === '') return value;
  for (const mark of [symbolOf(unit), unit]) {
    if (mark === '') continue;
    const at = value.toLowerCase().indexOf(mark.toLowerCase());
    if (at !== -1) return `${value.slice(0, at)}${value.slice(at + mark.length)}`.trim();
  }
  return value;
}

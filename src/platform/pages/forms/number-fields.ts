import { chargeStep, formatMoney, isCurrency } from '#kernel/money';
import { humanizeMoney } from '../../templates/humanize-money.ts';
import { type PeriodType, periodNoun, periodTypes } from '#kernel/period';
import { readDecimalText, toInteger, writeDecimalText } from './decimal-text.ts';
import { type Bounds, type Field, type FormContext, type Reading, REQUIRED } from './field.ts';
import { choice } from './fields.ts';
import { type FieldOptions, makeField } from './make-field.ts';

const NUMBER_LENGTH_MAX = 60;

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
        humanizeMoney({ amount: bound, unit: unit === '' ? null : unit }, context.locale),
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
  return makeField<number>('number', options, {
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

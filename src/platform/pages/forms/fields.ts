import { isInRange, parseInstant } from '#kernel/instant';
import { lastDayBefore, nextDay, printDay, readDay } from './day-text.ts';
import { type Choice, type Field, type FormContext, REQUIRED } from './field.ts';
import { type FieldOptions, makeField, TEXT_LENGTH_MAX } from './make-field.ts';

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

/**
 * A day of `<input type="date">` as an instant: its first instant in the zone of the context.
 *
 * With `bound: 'after'` the value is exclusive: the first instant after the day, which is the last one included.
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
export function choice<const Value extends string = string>(
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

/**
 * Formatters of the last used languages, time zones and options. Each takes about 40 µs to make and tens of kilobytes,
 * and languages and time zones are values of users: the number of formatters is bounded.
 */
const FORMATTERS_MAX = 100;

/** Returns the formatter of dates. @throws RangeError for an unknown language or time zone */
export const dateFormatter = keeping(
  (locale: string, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options),
);

/** Returns the formatter of numbers. @throws RangeError for a text that is no language tag */
export const numberFormatter = keeping(
  (locale: string, options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options),
);

/** Returns the names of languages or regions in a language. @throws RangeError for a text that is no language tag */
export const displayNames = keeping(
  (locale: string, options: Intl.DisplayNamesOptions) => new Intl.DisplayNames(locale, options),
);

/** Keeps what `make` returns, the last used ones. */
function keeping<Options extends object, Formatter>(
  make: (locale: string, options: Options) => Formatter,
): (locale: string, options: Options) => Formatter {
  const made = new Map<string, Formatter>();
  return (locale, options) => {
    const key = `${locale} ${JSON.stringify(options)}`;
    const formatter = made.get(key) ?? make(locale, options);
    // Deleted first, so that the map is in the order of use.
    made.delete(key);
    made.set(key, formatter);
    if (made.size > FORMATTERS_MAX) for (const oldest of made.keys()) if (made.delete(oldest)) break;
    return formatter;
  };
}

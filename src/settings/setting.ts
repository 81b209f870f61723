type Kind = 'string' | 'secret' | 'integer' | 'boolean' | 'url' | 'list' | 'numbers';

export interface Setting {
  readonly name: string;
  readonly kind: Kind;
  /** Text as in the environment; null if the setting has no default. */
  readonly default: string | null;
  readonly min?: number;
  readonly max?: number;
  readonly one_of?: readonly string[];
  readonly description: string;
}

/** Parses the text of one environment variable by the kind and the bounds of its setting. */
export function parseSetting(setting: Setting, text: string): { value: unknown } | { error: string } {
  if (setting.one_of && !setting.one_of.includes(text))
    return { error: `must be one of ${setting.one_of.join(', ')}.` };
  switch (setting.kind) {
    case 'integer': {
      const { min = 0, max = Number.MAX_SAFE_INTEGER } = setting;
      const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? { value } : { error: `must be a whole number from ${min} to ${max}.` };
    }
    case 'boolean':
      if (['1', 'true', 'yes', 'on'].includes(text.toLowerCase())) return { value: true };
      if (['0', 'false', 'no', 'off'].includes(text.toLowerCase())) return { value: false };
      return { error: 'must be true or false.' };
    case 'url':
      return parseOrigin(text);
    case 'list':
      return {
        value: text
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== ''),
      };
    case 'numbers':
      return parseNumbers(setting, text);
    case 'secret':
    case 'string':
      return { value: text };
    default:
      return { error: 'is of an unknown kind.' };
  }
}

/** Accepts whole numbers in increasing order, separated by commas. */
function parseNumbers({ min = 0, max = Number.MAX_SAFE_INTEGER }: Setting, text: string) {
  const items = text.split(',').map((item) => item.trim());
  const numbers = items
    .filter((item) => item !== '')
    .map((item) => (/^[0-9]+$/.test(item) ? Number(item) : Number.NaN));
  const is_valid = numbers.every(
    (number, index) => number >= min && number <= max && !(number <= (numbers[index - 1] ?? -1)),
  );
  return is_valid
    ? { value: numbers }
    : { error: `must be whole numbers from ${min} to ${max} in increasing order, separated by commas.` };
}

/** Accepts scheme, host and port only: a path would have no effect, since a site has its own host. */
function parseOrigin(text: string): { value: string } | { error: string } {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    return { error: 'must be an address that starts with http:// or https://.' };
  return url.href === `${url.origin}/`
    ? { value: url.origin }
    : { error: 'must end after the host and port, and name no user.' };
}

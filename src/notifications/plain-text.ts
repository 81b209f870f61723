const NAME_LENGTH_MAX = 60;
const MESSAGE_LENGTH_MAX = 300;
/** Maximum number of characters that are processed; the rest is dropped, because the patterns take quadratic time. */
const READ_LENGTH_MAX = 1000;

/** Members that are validated when they are stored, or that Tollgate generates. */
const validatedMembers = new Set([
  'back_url',
  'code',
  'country',
  'created_at',
  'default_timezone',
  'email',
  'event',
  'lang',
  'processor_key',
  'slug',
  'state',
  'unit',
  'username',
]);
const messageMembers = new Set(['detail', 'message', 'description']);
/** An instant or a day, as events carry them: digits alone, which the patterns of addresses would take apart. */
const DATE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?Z)?$/;

/**
 * Returns the data of a message to an unknown recipient: removes addresses of pages and mailboxes, markup and invisible
 * characters from each text that a user may have written, and shortens it. Pure.
 */
export function withPlainTexts<T>(data: T): T {
  return cleanValue(data, '') as T; // the same members, with other texts
}

function cleanValue(value: unknown, member: string): unknown {
  if (typeof value === 'string') {
    return validatedMembers.has(member) || DATE.test(value)
      ? value
      : plainText(value, messageMembers.has(member) ? MESSAGE_LENGTH_MAX : NAME_LENGTH_MAX);
  }
  if (Array.isArray(value)) return value.map((each) => cleanValue(each, member));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const cleaned = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, cleanValue(each, key)]));
  // A name that consisted of an address is empty now: the handle, which is validated, replaces it.
  const handle = cleaned['slug'] ?? cleaned['username'];
  for (const name of ['printable_name', 'full_name']) if (cleaned[name] === '' && handle) cleaned[name] = handle;
  return cleaned;
}

/** Returns a text without addresses, markup and invisible characters, of at most `length_max` characters. Pure. */
export function plainText(text: string, length_max: number): string {
  const visible = text
    .slice(0, READ_LENGTH_MAX)
    .normalize('NFKC')
    .replaceAll(/[\p{Cf}\p{Co}\p{Cn}]/gu, '')
    .replaceAll(/[\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/gu, ' ')
    .replaceAll(/[。․]/g, '.');
  const words = visible
    .replaceAll(/<[^>]*>?/g, ' ')
    .replaceAll(/[[\](){}<>|`*#\\]/g, ' ')
    // A word with a scheme, a path, a port or a mailbox is removed. A bare domain loses its dots: mail programs link
    // it.
    .replaceAll(/\S*(?:[a-z][a-z0-9+.-]*:\/*(?=\S*[./])|\bwww\.|\/\/|@)\S*/giu, ' ')
    .replaceAll(/(?:[\p{L}\p{N}-]+\.)+[\p{L}\p{N}-]+(?:[:/?]\S*)/gu, ' ')
    .replaceAll(/(?<=[\p{L}\p{N}])\.(?=[\p{L}\p{N}])/gu, ' ')
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/ ?\n[ \n]*/g, '\n')
    .trim();
  const characters = [...words];
  return characters.length <= length_max
    ? words
    : `${characters
        .slice(0, length_max - 1)
        .join('')
        .trimEnd()}…`;
}

/** A character that is written from right to left. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const [FIRST_STRONG_ISOLATE, POP_DIRECTIONAL_ISOLATE] = ['\u2068', '\u2069'];
/** Members that are addresses: an isolate would be a part of them. */
const addressMembers = new Set(['back_url', 'email', 'reply_to']);

/**
 * Returns the data of a message with each text that is written from right to left isolated, so that it does not move
 * the words, dates and amounts around it. Characters rather than markup: the subject and the text part have no markup.
 * Pure.
 * @see Unicode Standard Annex 9, 2.4
 */
export function isolateTexts<T>(data: T): T {
  return isolateValue(data, '') as T; // the same members, with other texts
}

function isolateValue(value: unknown, member: string): unknown {
  if (typeof value === 'string')
    return RIGHT_TO_LEFT.test(value) && !addressMembers.has(member)
      ? `${FIRST_STRONG_ISOLATE}${value}${POP_DIRECTIONAL_ISOLATE}`
      : value;
  if (Array.isArray(value)) return value.map((each) => isolateValue(each, member));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, isolateValue(each, key)]));
}

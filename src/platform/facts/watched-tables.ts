/**
 * Tables whose changes the triggers of migrations 0057 and 0061 record. A test compares the list with the triggers
 * and with the foreign keys that cascade into these tables.
 */
export const watched_tables: ReadonlySet<string> = new Set([
  'access_rules',
  'agreements',
  'api_keys',
  'contacts',
  'ledger_entries',
  'plans',
  'profiles',
  'role_types',
  'roles',
  'sessions',
  'signatures',
  'sites',
  'subscriptions',
  'totp_factors',
  'users',
]);

const write =
  /\b(?:insert\s+into|update|delete\s+from|merge\s+into|truncate(?:\s+table)?)\s+(?:only\s+)?([\w".,\s]+)/gi;
const TEXTS_MAX = 2000;

/** Makes a function that returns true if a statement may write to a watched table; remembers the texts that repeat. */
export function makeWriteDetector(): (text: string) => boolean {
  let known = new Map<string, boolean>();
  return (text) => {
    let is_write = known.get(text);
    if (is_write === undefined) {
      is_write = isWatchedWrite(text);
      if (known.size >= TEXTS_MAX) known = new Map();
      known.set(text, is_write);
    }
    return is_write;
  };
}

/** The writes of last uses: their triggers compare the other columns. */
const last_use = /^update "(?:sessions|api_keys|users)" set "last_(?:seen|used|login)_at" = \$1 where [^;]+$/;

/** Start of the statement of `noteChange`, for facts whose tables have no triggers. */
const noted_change = 'insert into changes ';

/** True if a text contains a statement that writes to a watched table. `for update` is no write. */
export function isWatchedWrite(text: string): boolean {
  if (last_use.test(text)) return false;
  if (text.startsWith(noted_change)) return true;
  for (const [, named = ''] of text.matchAll(write)) {
    // `truncate` takes a list of tables; the words after the name of a table are keywords and columns.
    for (const name of named.toLowerCase().split(',')) {
      const [first = ''] = name.trim().split(/\s+/);
      if (watched_tables.has(first.replaceAll('"', '').replace(/^.*\./, ''))) return true;
    }
  }
  return false;
}

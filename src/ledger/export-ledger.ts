import { formatDecimal } from '#kernel/money';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { findProfilesByIds, type Profile, profileName } from '#profiles';
import type { Entry } from './entry.ts';
import { findEntriesAfter } from './event-store.ts';
import { fromSubjectColumns, subjectText } from './subject.ts';

export type ExportFormat = 'ledger' | 'hledger' | 'csv';

export function isExportFormat(text: string): text is ExportFormat {
  return ['ledger', 'hledger', 'csv'].includes(text);
}

const BATCH = 1000;

/**
 * Returns the whole ledger as text, oldest entry first, in pieces of up to 1000 entries. `onBatch` receives the
 * number of entries so far.
 *
 * The destination is the first posting and positive. Amounts are exact decimals with the code of their currency,
 * because the symbol `$` would sum dollars of several countries. In the journal for hledger both units of a conversion
 * balance on the account `equity:conversion`, which is zero in each unit over an event: hledger infers no price.
 */
export async function* exportLedger(
  reader: Reader,
  format: ExportFormat,
  onBatch: (entries_count: number) => void = () => {},
): AsyncGenerator<string> {
  yield heads[format];
  let entries_count = 0;
  const profiles = new Map<ProfileId, Profile>();
  let last: Pick<Entry, 'created_at' | 'id'> | null = null;
  for (;;) {
    const entries: Entry[] = await findEntriesAfter(reader, last, BATCH);
    const unknown = entries
      .flatMap(({ orig_profile_id, dest_profile_id }) => [orig_profile_id, dest_profile_id])
      .filter((id) => !profiles.has(id));
    for (const [id, profile] of await findProfilesByIds(reader, [...new Set(unknown)])) profiles.set(id, profile);
    if (entries.length > 0) yield entries.map((entry) => writers[format](entry, profiles)).join('');
    last = entries.at(-1) ?? last;
    entries_count += entries.length;
    onBatch(entries_count);
    if (entries.length < BATCH) return;
  }
}

type Write = (entry: Entry, profiles: ReadonlyMap<ProfileId, Profile>) => string;

const writers: Readonly<Record<ExportFormat, Write>> = { ledger: writeLedger, hledger: writeHledger, csv: writeCsv };

const AMOUNT_ENDS_AT = 60;
const CONVERSION_ACCOUNT = 'equity:conversion';

function writeLedger(entry: Entry, profiles: ReadonlyMap<ProfileId, Profile>): string {
  const when = entry.created_at.toISOString();
  const event_id = eventIdOf(entry);
  const about = event_id === '' ? '' : `#${oneLine(event_id)} - `;
  const header = `${when.slice(0, 10).replaceAll('-', '/')} ${when.slice(11, 19)} ${about}${oneLine(entry.description)}`;
  return journalText(header, postingsOf(entry, profiles), '\t\t');
}

function writeHledger(entry: Entry, profiles: ReadonlyMap<ProfileId, Profile>): string {
  const when = entry.created_at.toISOString();
  const event_id = eventIdOf(entry);
  // hledger reads parentheses as the code, `;` as the start of a comment and `|` as the end of the payee. After a code,
  // even an empty one, it reads no status mark (`*`, `!`) and no further code.
  const code = oneLine(event_id).replaceAll(/[();|]/g, '');
  const description = oneLine(entry.description).replaceAll(';', ',').replaceAll('|', '/');
  const header = `${when.slice(0, 10)} (${code}) ${description}`.trimEnd();
  const postings = postingsOf(entry, profiles);
  return journalText(
    `${header}  ; time:${when.slice(11, 19)}`,
    entry.orig_unit === entry.dest_unit ? postings : postings.flatMap(withConversion),
    '    ',
  );
}

/** Account and amount as they are written; an empty amount balances the others. */
type Posting = readonly [account: string, amount: number, unit: string] | readonly [account: string];

function postingsOf(entry: Entry, profiles: ReadonlyMap<ProfileId, Profile>): Posting[] {
  const dest = `${slugOf(profiles, entry.dest_profile_id)}:${entry.dest_account}`;
  const orig = `${slugOf(profiles, entry.orig_profile_id)}:${entry.orig_account}`;
  return [
    [dest, entry.dest_amount, entry.dest_unit],
    entry.orig_unit === entry.dest_unit ? [orig] : [orig, -entry.orig_amount, entry.orig_unit],
  ];
}

function withConversion(posting: Posting): Posting[] {
  const [, amount = 0, unit = ''] = posting;
  return [posting, [CONVERSION_ACCOUNT, amount === 0 ? 0 : -amount, unit]];
}

function journalText(header: string, postings: readonly Posting[], indent: string): string {
  const lines = postings.map(([account, amount, unit]) => {
    if (amount === undefined || unit === undefined) return `${indent}${account}`;
    const width = AMOUNT_ENDS_AT - indent.length - account.length - 2;
    return `${indent}${account}  ${commodity(amount, unit).padStart(Math.max(0, width))}`;
  });
  return [header, ...lines, '', ''].join('\n');
}

// oxfmt-ignore
const csvColumns = [
  'created_at', 'event', 'dest_amount', 'dest_unit', 'dest_profile', 'dest_account',
  'orig_amount', 'orig_unit', 'orig_profile', 'orig_account', 'description',
];

const heads: Readonly<Record<ExportFormat, string>> = {
  ledger: '',
  // Amounts have no grouping: a comma or a point is never a mark of thousands.
  hledger: 'decimal-mark .\n\n',
  csv: `${csvColumns.join(',')}\r\n`,
};

function writeCsv(entry: Entry, profiles: ReadonlyMap<ProfileId, Profile>): string {
  const cells = [
    entry.created_at.toISOString(),
    eventIdOf(entry),
    formatDecimal(entry.dest_amount),
    entry.dest_unit,
    nameOf(profiles, entry.dest_profile_id),
    entry.dest_account,
    formatDecimal(entry.orig_amount),
    entry.orig_unit,
    nameOf(profiles, entry.orig_profile_id),
    entry.orig_account,
    entry.description,
  ];
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/**
 * Returns a CSV cell that a spreadsheet reads as text: a text that starts like a formula gets an apostrophe in front.
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const direction_marks = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const right_to_left = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const ISOLATE = '\u2068';
const ISOLATE_END = '\u2069';

/**
 * Returns a text for one line of a journal. Line breaks, which would start a posting, control characters and runs of
 * spaces, which end an account, become one space. Marks of direction are removed, and a text with letters written from
 * right to left is isolated, so that no text moves what the reader sees around it.
 * @see https://www.unicode.org/reports/tr9/
 */
function oneLine(text: string): string {
  const line = text
    .replaceAll(direction_marks, '')
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return right_to_left.test(line) ? `${ISOLATE}${line}${ISOLATE_END}` : line;
}

function commodity(amount: number, unit: string): string {
  return `${formatDecimal(amount)} ${unit.toUpperCase()}`;
}

/** Presents the subject of an entry; empty without one. */
function eventIdOf(entry: Entry): string {
  const subject = fromSubjectColumns(entry);
  return subject === null ? '' : subjectText(subject);
}

function slugOf(profiles: ReadonlyMap<ProfileId, Profile>, id: ProfileId): string {
  return profiles.get(id)?.slug ?? `profile_${id}`;
}

function nameOf(profiles: ReadonlyMap<ProfileId, Profile>, id: ProfileId): string {
  const profile = profiles.get(id);
  return profile ? profileName(profile) : `profile_${id}`;
}

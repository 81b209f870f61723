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
 * Returns the whole ledger as text, oldest entry first, in pieces of up to 1000 entries.
 *
 * The destination is the first posting and positive. Amounts are exact decimals with the code of their currency,
 * because the symbol `$` would sum dollars of several countries.
 */
export async function* exportLedger(reader: Reader, format: ExportFormat): AsyncGenerator<string> {
  if (format === 'csv') yield `${csvColumns.join(',')}\r\n`;
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
    if (entries.length < BATCH) return;
  }
}

type Write = (entry: Entry, profiles: ReadonlyMap<ProfileId, Profile>) => string;

const writers: Readonly<Record<ExportFormat, Write>> = { ledger: writeLedger, hledger: writeHledger, csv: writeCsv };

const AMOUNT_ENDS_AT = 60;

function writeLedger(entry: Entry, profiles: ReadonlyMap<ProfileId, Profile>): string {
  const when = entry.created_at.toISOString();
  const event_id = eventIdOf(entry);
  const about = event_id === '' ? '' : `#${oneLine(event_id)} - `;
  const header = `${when.slice(0, 10).replaceAll('-', '/')} ${when.slice(11, 19)} ${about}${oneLine(entry.description)}`;
  return journalText(header, entry, profiles, '\t\t');
}

function writeHledger(entry: Entry, profiles: ReadonlyMap<ProfileId, Profile>): string {
  const when = entry.created_at.toISOString();
  const event_id = eventIdOf(entry);
  // hledger reads parentheses as the code, `;` as the start of a comment and `|` as the end of the payee.
  const about = event_id === '' ? '' : `(${oneLine(event_id).replaceAll(/[()]/g, '')}) `;
  const header = `${when.slice(0, 10)} ${about}${oneLine(entry.description).replaceAll(';', ',').replaceAll('|', '/')}`;
  return journalText(`${header}  ; time:${when.slice(11, 19)}`, entry, profiles, '    ');
}

function journalText(header: string, entry: Entry, profiles: ReadonlyMap<ProfileId, Profile>, indent: string): string {
  const posting = (account: string, amount: string) => {
    const width = AMOUNT_ENDS_AT - indent.length - account.length;
    return `${indent}${account}  ${amount === '' ? '' : amount.padStart(Math.max(0, width - 2))}`.trimEnd();
  };
  const dest = `${slugOf(profiles, entry.dest_profile_id)}:${entry.dest_account}`;
  const orig = `${slugOf(profiles, entry.orig_profile_id)}:${entry.orig_account}`;
  const isConverted = entry.orig_unit !== entry.dest_unit;
  return [
    header,
    posting(dest, commodity(entry.dest_amount, entry.dest_unit)),
    posting(orig, isConverted ? commodity(-entry.orig_amount, entry.orig_unit) : ''),
    '',
    '',
  ].join('\n');
}

// oxfmt-ignore
const csvColumns = [
  'created_at', 'event', 'dest_amount', 'dest_unit', 'dest_profile', 'dest_account',
  'orig_amount', 'orig_unit', 'orig_profile', 'orig_account', 'description',
];

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

/** Replaces line breaks, which would start a posting in a journal. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
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

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { sources } from './sources.ts';
import { checkLines, checkWords, citedPaths } from './style/lines.ts';
import type { Offence } from './style/offence.ts';
import { checkFunctions, firstSqlLine, namedFunctions, parseSource, tableUses } from './style/syntax.ts';
import { tables } from './style/tables.ts';

/**
 * Checks what STYLE.md demands and the linter cannot express; prints each offence and exits with 1.
 *
 * Usage: `node tools/check-style.ts [prefix…]`; without a prefix the whole repository.
 */
const LINES_MAX = 300;
const FILES_IN_FOLDER_MAX = 25;
const GENERATED = new Set(['src/platform/db/db-schema.ts', 'src/stripe-emulator/shapes/stripe-shapes.ts']);
/** Folders of src/ whose stores read the tables of every room. */
const READERS: ReadonlySet<string> = new Set(['metrics', 'simulate']);
const NAMELESS = /^(?:utils?|helpers?|types|constants|common|service|manager|misc)\.ts$/;

const owners = new Map(Object.entries(tables).flatMap(([room, names]) => names.map((name) => [name, room] as const)));
const prefixes = process.argv.slice(2);
const offences: Offence[] = [];
const code = (
  await Promise.all(['src', 'test', 'tools', 'bench', 'examples', 'ui'].map((folder) => sources(folder)))
).flat();

for (const file of code) {
  if (GENERATED.has(file)) continue;
  const text = await readFile(file, 'utf8');
  offences.push(...checkLines(file, text), ...checkWords(file, text));
  for (const { target, line } of citedPaths(text)) {
    if (!existsSync(target)) offences.push({ file, line, rule: `@see ${target} does not exist` });
  }
  if (NAMELESS.test(basename(file))) offences.push({ file, line: 0, rule: 'name the file after its export' });
  if (file.startsWith('src/') && !file.endsWith('.test.ts')) offences.push(...checkProduct(file, text));
}
offences.push(...checkFolders(code));
for (const document of documents()) offences.push(...checkWords(document, await readFile(document, 'utf8')));

const selected = offences.filter(({ file }) => prefixes.length === 0 || prefixes.some((each) => file.startsWith(each)));
for (const { file, line, rule } of selected) console.error(`${file}${line > 0 ? `:${line}` : ''}: ${rule}`);
process.exitCode = selected.length > 0 ? 1 : 0;

/** Rules of the program itself: sizes, return types that names promise, and the files that may contain SQL. */
function checkProduct(file: string, text: string): Offence[] {
  const found: Offence[] = [];
  const count = text.trimEnd().split('\n').length;
  if (count > LINES_MAX) found.push({ file, line: 0, rule: `${count} lines, ${LINES_MAX} at most` });
  const parsed = parseSource(file, text);
  found.push(...checkFunctions(file, text, namedFunctions(parsed, text)));
  const room = file.split('/')[1] ?? '';
  for (const { table, line, is_write } of tableUses(parsed, new Set(owners.keys()))) {
    const owner = owners.get(table);
    if (owner !== room && (!READERS.has(room) || is_write)) {
      found.push({ file, line, rule: `${table} belongs to ${owner}: use its door` });
    } else if (!file.endsWith('-store.ts') && room !== 'metrics' && room !== 'platform') {
      found.push({ file, line, rule: `SQL on ${table}: only in a *-store.ts` });
    }
  }
  const sql = firstSqlLine(parsed);
  if (sql !== null && !file.endsWith('-store.ts') && room !== 'metrics' && room !== 'platform') {
    found.push({ file, line: sql, rule: 'SQL: only in a *-store.ts' });
  }
  return found;
}

/** Limits the files of each folder of src/ to FILES_IN_FOLDER_MAX; tests are not counted. */
function checkFolders(files: readonly string[]): Offence[] {
  const counts = new Map<string, number>();
  for (const file of files) {
    if (!file.startsWith('src/') || file.endsWith('.test.ts')) continue;
    const folder = file.slice(0, file.lastIndexOf('/'));
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return Array.from(counts)
    .filter(([, count]) => count > FILES_IN_FOLDER_MAX)
    .map(([file, count]) => ({ file, line: 0, rule: `${count} files, ${FILES_IN_FOLDER_MAX} at most` }));
}

/** Markdown of the repository; Markdown among templates is a text for visitors. */
function documents(): string[] {
  return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '' && existsSync(file) && !/^themes\/[^/]+\/templates\//.test(file));
}

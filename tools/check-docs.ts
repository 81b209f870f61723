import { access, readFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { dirname, join, normalize } from 'node:path';
import { rooms, subrooms } from './rooms.cjs';
import { sources } from './sources.ts';

/** Checks that the documents describe what exists; prints each offence and exits with 1. */
const README_LINES_MAX = 30;
const README_HEADINGS = ['Knows', 'Tables', 'Events', 'Words'];
const ARCHITECTURE_LINES_MAX = 200;
const TOP = /^(?:src|docs|tools|test|themes|migrations|examples|bench|ui|\.ci)\//;

const offences: string[] = [];
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter(Boolean);
// Markdown among the templates is a text for visitors, not a document.
const documents = tracked.filter((file) => file.endsWith('.md') && !/^themes\/[^/]+\/templates\//.test(file));

await checkCitedPaths();
await checkCitedScripts();
await checkRooms();
await checkMap();
await checkSubrooms();
await checkGlossary();
await checkMachinePaths();

for (const offence of offences) console.error(offence);
process.exitCode = offences.length > 0 ? 1 : 0;

/** Links, and code spans that start with a folder of this repository, have existing targets. */
async function checkCitedPaths(): Promise<void> {
  for (const document of documents) {
    const text = await readFile(document, 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g)) {
      await demand(join(dirname(document), target), document, target);
    }
    for (const [, span = ''] of text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`\n]+)`/g)) {
      if (TOP.test(span) && /^[\w./-]+$/.test(span)) await demand(span, document, span);
    }
  }
  for (const file of await sources('src')) {
    for (const [, target = ''] of (await readFile(file, 'utf8')).matchAll(/@see (docs\/[\w./-]+)/g)) {
      await demand(target, file, target);
    }
  }
}

async function demand(path: string, document: string, cited: string): Promise<void> {
  if (!(await exists(normalize(path)))) offences.push(`${document}: cites ${cited}, which does not exist`);
}

/** Each `npm run` command of a document is a script of package.json. */
async function checkCitedScripts(): Promise<void> {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> };
  for (const document of documents) {
    const text = await readFile(document, 'utf8');
    for (const [, name = ''] of text.matchAll(/\bnpm run (?:--silent )?([a-z][\w:-]*)/g)) {
      if (!(name in scripts)) offences.push(`${document}: cites the script ${name}, which does not exist`);
    }
  }
}

/** Every room has its README and its door, and nothing else in src/ is a room. */
async function checkRooms(): Promise<void> {
  for (const room of Object.keys(rooms)) {
    if (!(await exists(`src/${room}/index.ts`))) offences.push(`src/${room}: has no door (index.ts)`);
    const readme = await readFile(`src/${room}/README.md`, 'utf8').catch(() => null);
    if (readme === null) offences.push(`src/${room}: has no README.md`);
    else if (readme.trimEnd().split('\n').length > README_LINES_MAX) {
      offences.push(`src/${room}/README.md: more than ${README_LINES_MAX} lines`);
    } else if (Array.from(readme.matchAll(/^## (.*)$/gm), ([, title]) => title).join() !== README_HEADINGS.join()) {
      offences.push(`src/${room}/README.md: the headings are ${README_HEADINGS.join(', ')}`);
    }
  }
  const room_names = new Set([
    ...Object.keys(rooms),
    'kernel',
    'platform',
    'demo',
    'first-run',
    'commands',
    'secrets',
    'set-up',
    'settings',
    'simulate',
  ]);
  const folders = new Set(
    (await sources('src')).filter((file) => file.split('/').length > 2).map((file) => file.split('/')[1] ?? ''),
  );
  for (const folder of folders) {
    if (!room_names.has(folder)) offences.push(`src/${folder}: is not a room of tools/rooms.cjs`);
  }
}

/** The map of ARCHITECTURE.md: a row per room, whose last cell names the rooms that it may import. */
async function checkMap(): Promise<void> {
  const text = await readFile('ARCHITECTURE.md', 'utf8');
  if (text.split('\n').length > ARCHITECTURE_LINES_MAX)
    offences.push(`ARCHITECTURE.md: more than ${ARCHITECTURE_LINES_MAX} lines`);
  const rows = new Map(
    Array.from(text.matchAll(/^\| `([a-z-]+)` \|.*\| ([^|]*) \|$/gm), ([, room = '', imports = '']) => [room, imports]),
  );
  for (const [room, imports] of Object.entries(rooms)) {
    const drawn = rows.get(room);
    if (drawn === undefined) offences.push(`ARCHITECTURE.md: the map lacks ${room}`);
    else if (drawn.match(/[a-z]+/g)?.join() !== (imports.join() || undefined)) {
      offences.push(
        `ARCHITECTURE.md: ${room} imports ${imports.join(', ') || '–'} by tools/rooms.cjs, the map says ${drawn}`,
      );
    }
  }
  for (const room of rows.keys()) {
    if (!(room in rooms)) offences.push(`ARCHITECTURE.md: the map has ${room}, tools/rooms.cjs has not`);
  }
}

/**
 * The table of sub-rooms: a row per room, whose last cell names each sub-room and, in parentheses, those it may import.
 */
async function checkSubrooms(): Promise<void> {
  const text = await readFile('ARCHITECTURE.md', 'utf8');
  const section = /^## Sub-rooms$([\s\S]*?)^## /m.exec(text)?.[1] ?? '';
  const rows = new Map(
    Array.from(section.matchAll(/^\| `([a-z-]+)` \| ([^|]*) \|$/gm), ([, room = '', cell = '']) => [room, cell.trim()]),
  );
  for (const [room, parts] of Object.entries(subrooms)) {
    const declared = Object.entries(parts)
      .map(([part, imports]) => (imports.length === 0 ? `\`${part}\`` : `\`${part}\` (${imports.join(', ')})`))
      .join(' · ');
    if (rows.get(room) !== declared) {
      offences.push(`ARCHITECTURE.md: the sub-rooms of ${room} are ${declared}, the table has ${rows.get(room)}`);
    }
  }
  for (const room of rows.keys()) {
    if (!(room in subrooms)) offences.push(`ARCHITECTURE.md: ${room} has no sub-rooms in tools/rooms.cjs`);
  }
  const folders = new Set(
    (await sources('src')).flatMap((file) => {
      const [, room = '', part = '', rest] = file.split('/');
      return rest !== undefined && room in rooms ? [`${room}/${part}`] : [];
    }),
  );
  for (const folder of folders) {
    const [room = '', part = ''] = folder.split('/');
    if (subrooms[room]?.[part] === undefined) offences.push(`src/${folder}: is not a sub-room of tools/rooms.cjs`);
    if (!(await exists(`src/${folder}/index.ts`))) offences.push(`src/${folder}: has no door (index.ts)`);
  }
}

/** Every term of the glossary occurs in the sources. */
async function checkGlossary(): Promise<void> {
  const glossary = await readFile('docs/glossary.md', 'utf8');
  const texts = await Promise.all(
    [...(await sources('src')), ...(await sources('migrations', '.sql'))].map(
      async (file) => `${file}\n${await readFile(file, 'utf8')}`,
    ),
  );
  const corpus = texts.join('\n').toLowerCase();
  for (const [, term = ''] of glossary.matchAll(/^\| \*\*([^*|]+)\*\* \|/gm)) {
    const pattern = new RegExp(term.toLowerCase().replaceAll(/[ -]/g, '[ _-]?'));
    if (!pattern.test(corpus)) offences.push(`docs/glossary.md: "${term}" is used nowhere in the sources`);
  }
}

/** No text contains a path of one machine. */
async function checkMachinePaths(): Promise<void> {
  const text = tracked.filter(
    (file) => /\.(?:md|ts|cjs|mjs|json|sql|html|liquid|eml|css|yml|txt)$/.test(file) && file !== 'package-lock.json',
  );
  for (const file of text) {
    const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
    for (const [index, line] of lines.entries()) {
      if (/(?<![\w.~}-])\/(?:home|root|Users|work)\/\w/.test(line))
        offences.push(`${file}:${index + 1}: a path of one machine`);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

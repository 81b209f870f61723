import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { sources } from './sources.ts';

/** Checks what STYLE.md demands and the linter cannot express; prints each offence and exits with 1. */
const LINES_MAX = 400;
const GENERATED = new Set(['src/platform/db/db-schema.ts']);
const NAMELESS = /^(?:utils?|helpers?|types|constants|common|service|manager|misc)\.ts$/;

interface Rule {
  readonly pattern: RegExp;
  readonly says: string;
  /** Files that the rule does not concern. */
  readonly except?: RegExp;
}

const rules: readonly Rule[] = [
  {
    pattern: /\bnew Date\(\)/,
    says: 'time is an argument: ctx.clock.now()',
    except: /^src\/platform\/clock\.ts$|\.test\.ts$/,
  },
  { pattern: /^export \* from/, says: 'a door names what it exports' },
  { pattern: /(?:oxlint|eslint)-disable(?!.* -- \S)/, says: 'a disabled rule gives its reason after " -- "' },
  { pattern: /@ts-(?:ignore|nocheck)/, says: 'types are not switched off' },
  { pattern: /\b(?:TODO|FIXME|XXX)\b(?!\(#\d+\))/, says: 'the only mark of work to do is @TODO(#issue)' },
  { pattern: /\b(?:test|describe|it)\.only\(/, says: 'no test runs alone' },
];

const offences: string[] = [];
for (const file of [...(await sources('src')), ...(await sources('test')), ...(await sources('bench'))]) {
  if (GENERATED.has(file)) continue;
  const lines = (await readFile(file, 'utf8')).split('\n');
  if (NAMELESS.test(basename(file))) offences.push(`${file}: a file bears the name of its one idea`);
  if (file.startsWith('src/') && !file.endsWith('.test.ts') && lines.length > LINES_MAX) {
    offences.push(`${file}: ${lines.length} lines, ${LINES_MAX} at most`);
  }
  for (const [index, line] of lines.entries()) {
    for (const { pattern, says, except } of rules) {
      if (pattern.test(line) && !except?.test(file)) offences.push(`${file}:${index + 1}: ${says}`);
    }
  }
}

for (const offence of offences) console.error(offence);
process.exitCode = offences.length > 0 ? 1 : 0;

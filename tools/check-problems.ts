import { readFile } from 'node:fs/promises';
import { listProblems } from './problem-list.ts';
import { sources } from './sources.ts';

/**
 * Checks that every problem code is named by a test and that one code has one status; prints offences, exits with 1.
 */
const tests = [
  ...(await sources('src', '.test.ts')),
  ...(await sources('test')),
  ...(await sources('tools', '.test.ts')),
];
const texts = await Promise.all(tests.map((file) => readFile(file, 'utf8')));
const named = new Set(texts.flatMap((text) => text.match(/\b[a-z][a-z0-9_]*\b/g) ?? []));

const problems = await listProblems();
const offences = problems
  .filter(({ code }) => !named.has(code))
  .map(({ file, code }) => `${file}: no test names ${code}`);
for (const [code, group] of Map.groupBy(problems, (problem) => problem.code)) {
  const statuses = new Set(group.map(({ status }) => status));
  if (statuses.size > 1)
    offences.push(`${code}: has the statuses ${[...statuses].join(' and ')}; one code has one status`);
}

for (const offence of offences) console.error(offence);
console.log(`${problems.length} problems, ${offences.length} offences`);
process.exitCode = offences.length > 0 ? 1 : 0;

import { readFile } from 'node:fs/promises';

/**
 * Compares a report of the contract check with the list of expected failures: `compare-contract.ts report.json
 * list.txt`. Exits with 1 for a failure that is not listed and for a listed operation that passes, so that the list
 * only shrinks.
 */
const [report, list] = process.argv.slice(2);
if (report === undefined || list === undefined) throw new Error('usage: compare-contract.ts report.json list.txt');

const results = readResults(JSON.parse(await readFile(report, 'utf8')));
const expected = new Set(
  (await readFile(list, 'utf8'))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#')),
);

const names = new Set(results.map(({ name }) => name));
const offences = results.flatMap(({ name, fail }) => {
  if (fail.length > 0 && !expected.has(name)) return [`${name}: ${fail.join('; ').slice(0, 300)}`];
  if (fail.length === 0 && expected.has(name)) return [`${name}: passes now, remove it from ${list}`];
  return [];
});
for (const name of expected)
  if (!names.has(name)) offences.push(`${name}: is no operation of the contract, remove it from ${list}`);

for (const offence of offences) console.error(offence);
const passed = results.filter(({ fail }) => fail.length === 0).length;
console.log(`${passed} of ${results.length} operations pass, ${expected.size} may fail`);
process.exitCode = offences.length > 0 ? 1 : 0;

function readResults(value: unknown): { name: string; fail: string[] }[] {
  if (!Array.isArray(value)) throw new Error('the report is not a list');
  return value.map((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null || !('name' in entry) || !('fail' in entry))
      throw new Error('unknown report');
    const { name, fail } = entry;
    if (typeof name !== 'string' || !Array.isArray(fail)) throw new Error('unknown report');
    return { name, fail: fail.map(String) };
  });
}

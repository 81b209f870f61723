import { availableParallelism, loadavg } from 'node:os';
import { sql } from 'kysely';
import type { Db } from '../../src/platform/db/database.ts';

/** One part of the proof and what it did. */
export interface Part {
  title: string;
  seconds: number;
  /** Facts in the order of the report. */
  facts: [name: string, value: string | number][];
  /** Message of the failure, or null. */
  failure: string | null;
}

/**
 * Runs one part; a failure is reported and does not stop the others. Its section goes to standard error as soon as it
 * ends, so that a run that is cut off leaves what it proved.
 */
export async function runPart(title: string, work: (facts: Part['facts']) => Promise<void>): Promise<Part> {
  const began = performance.now();
  const facts: Part['facts'] = [];
  const failure = await work(facts).then(
    () => null,
    (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
  const part = { title, seconds: Math.round((performance.now() - began) / 1000), facts, failure };
  process.stderr.write(
    `${sectionOf(part).join('\n')}\n\n${failure === null ? 'holds' : 'FAILED'}, ${part.seconds} s\n`,
  );
  return part;
}

const sectionOf = ({ title, facts, failure }: Part) => [
  '',
  `## ${title}`,
  '',
  ...facts.map(([name, value]) => `- ${name}: ${value}`),
  ...(failure === null ? [] : ['', '```text', failure, '```']),
];

/** Returns a map as text: the most frequent first. */
export const listCounts = (counts: ReadonlyMap<string, number>) =>
  [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name}: ${count}`)
    .join(', ');

/** Returns the report in Markdown. */
export async function formatReport(db: Db, seed: number, parts: readonly Part[]): Promise<string> {
  const { rows } = await sql<{ version: string; day: string }>`
    select split_part(version(), ' on ', 1) as version, current_date::text as day`.execute(db);
  const [load = 0] = loadavg();
  const lines = [
    '# Proof of money',
    '',
    `\`npm run proof\`, seed ${seed}, ${rows[0]?.day}. Node ${process.version}, ${rows[0]?.version}, ` +
      `${availableParallelism()} cores, load ${load.toFixed(1)}.`,
    '',
    '| part | result | seconds |',
    '| --- | --- | --- |',
    ...parts.map(
      ({ title, failure, seconds }) => `| ${title} | ${failure === null ? 'holds' : 'FAILED'} | ${seconds} |`,
    ),
    ...parts.flatMap(sectionOf),
  ];
  return `${lines.join('\n')}\n`;
}

import type { Reader } from '#platform/db/database';
import type { ProcessorRows } from './outside/outside-world.ts';
import { test_rows } from './outside/test-rows-store.ts';
import { earning_rules, findEarningFaults } from './recount/recount-earned.ts';
import { readSoldTime } from './recount/rows-store.ts';
import { type BrokenRule, countRules, findBrokenRules } from './rule-store.ts';

const FAULTS_SHOWN = 5;

/**
 * Returns the rules that are broken now, those of the recounted income included; `is_final` as `findBrokenRules`.
 * `processor` is what the processor has: by default the tables of the test processor.
 */
export async function checkRules(
  reader: Reader,
  { is_final, processor = test_rows }: { is_final: boolean; processor?: ProcessorRows },
): Promise<BrokenRule[]> {
  const { lines, incomes } = await readSoldTime(reader);
  const faults = Map.groupBy(findEarningFaults(lines, incomes), ({ rule }) => rule);
  return [
    ...(await findBrokenRules(reader, { is_final, processor })),
    ...[...faults].map(([rule, rows]) => ({ rule, rows: rows.slice(0, FAULTS_SHOWN).map((row) => ({ ...row })) })),
  ];
}

/** Number of rules that `checkRules` checks. */
export function countCheckedRules(options: { is_final: boolean }): number {
  return countRules(options) + Object.keys(earning_rules).length;
}

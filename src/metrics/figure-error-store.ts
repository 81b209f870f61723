import { sql } from 'kysely';
import type { Reader } from '#platform/db/database';

/** A stored figure that differs from what its rows give. Units: amounts in 1/100 of the unit. */
export interface FigureError {
  name: string;
  expected: number;
  found: number;
}

/** Compares the sums of the ledger, the debts by age and the recurring revenue with their rows, in one snapshot. */
export async function findFigureErrors(reader: Reader): Promise<FigureError[]> {
  const { rows } = await sql<FigureError>`select * from figure_errors()`.execute(reader);
  return rows;
}

import { NoResultError } from 'kysely';
import pg from 'pg';
import { isDatabaseDown } from './database.ts';

/**
 * Meaning of a database error for the caller of a verb:
 *
 *  unavailable    the server cannot be reached, is stopping, is read-only or has no resources left
 *  busy           a deadlock, a serialization failure or a lock that lasted through all retries, or a statement timeout
 *  row_missing    a row that the statement refers to was deleted by another transaction
 *  row_in_use     another row still refers to the row to be deleted or changed
 *  row_exists     a unique or an exclusion constraint has another row with the same value
 *  value_refused  a value is outside the column's type, length or check constraint
 */
export type DatabaseFailure = 'unavailable' | 'busy' | 'row_missing' | 'row_in_use' | 'row_exists' | 'value_refused';

const DIVISION_BY_ZERO = '22012';

/** Classifies an error of the driver or of the query builder; null for any other error, which is a bug. */
export function classifyDatabaseError(error: unknown): DatabaseFailure | null {
  if (isDatabaseDown(error)) return 'unavailable';
  // `executeTakeFirstOrThrow` after a lookup: the row was deleted between the two statements.
  if (error instanceof NoResultError) return 'row_missing';
  if (!(error instanceof pg.DatabaseError) || error.code === undefined) return null;
  const { code } = error;
  if (['40001', '40P01', '55P03', '57014'].includes(code)) return 'busy';
  // Classes "data exception" and "program limit exceeded" (an index entry that is too long) are about values.
  if ((code.startsWith('22') && code !== DIVISION_BY_ZERO) || code.startsWith('54')) return 'value_refused';
  // A violation without a constraint was raised by a trigger that guards against bugs (the ledger's).
  if (error.constraint === undefined) return null;
  switch (code) {
    case '23503':
      return referenceFailure(error);
    case '23001':
      return 'row_in_use';
    case '23505':
    case '23P01':
      return 'row_exists';
    case '23514':
      return 'value_refused';
    default:
      return null;
  }
}

/**
 * Distinguishes the two sides of a foreign key by the detail of the error. The detail is in the language of the server:
 * in any other language than English both sides are reported as a conflict.
 */
function referenceFailure({ detail }: pg.DatabaseError): 'row_missing' | 'row_in_use' {
  return /is not present in table/.test(detail ?? '') ? 'row_missing' : 'row_in_use';
}

/** Facts of a database error for the log, without detail and message, which quote the row. */
export function databaseErrorFacts(error: unknown): Record<string, string | undefined> | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined;
  return { sqlstate: error.code, table: error.table, constraint: error.constraint };
}

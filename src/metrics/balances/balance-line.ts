import type { Selectable } from 'kysely';
import type { BalanceLinesTable } from '#platform/db/db-schema';

/** A row of a balance sheet: sums the accounts whose name contains `selector`, ignoring case. */
export type BalanceLine = Selectable<BalanceLinesTable>;

/** True if a line sums the account. The empty selector matches every account. */
export function selectsAccount(line: Pick<BalanceLine, 'selector'>, account: string): boolean {
  return account.toLowerCase().includes(line.selector.toLowerCase());
}

import type { Selectable } from 'kysely';
import type { BalanceLinesTable } from '#platform/db/db-schema';

/** A row of a balance sheet: the accounts whose name contains `selector`, whatever the case. */
export type BalanceLine = Selectable<BalanceLinesTable>;

/** Says whether an account counts towards a line; the empty selector finds every account. */
export function selectsAccount(line: Pick<BalanceLine, 'selector'>, account: string): boolean {
  return account.toLowerCase().includes(line.selector.toLowerCase());
}

import { sql } from 'kysely';
import { defineCheck, type Finding, FINDINGS_MAX, type LedgerCheck } from '#ledger';

const detail = sql`format('the figure is %s, its rows give %s', found, expected) as detail`;

/**
 * Rules of the figures that follow subscriptions, their coverages and their debts; the ledger checks the sums of its
 * entries. `tollgate ledger rebuild-balances` writes them anew.
 * @see docs/decisions/0087-figures-from-sums.md
 */
export const metricsLedgerChecks: readonly LedgerCheck[] = [
  defineCheck(
    'the recurring revenue is that of the paid time of subscriptions',
    sql<Finding>`select name as "where", ${detail} from recurring_errors() limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'the numbers of subscriptions by day are those of the subscriptions',
    sql<Finding>`select name as "where", ${detail} from subscription_count_errors() limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'the debts by age are those of the entries',
    sql<Finding>`select name as "where", ${detail} from metric_debt_errors() limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'the numbers of users without a subscription and of the subscribers of federations are those of the rows',
    sql<Finding>`select name as "where", ${detail} from metric_step_errors() limit ${FINDINGS_MAX}`,
  ),
];

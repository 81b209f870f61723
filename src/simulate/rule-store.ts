import { sql } from 'kysely';
import type { Reader } from '#platform/db/database';
import { changeRules } from './change-rule-store.ts';
import type { ProcessorRows } from './outside/outside-world.ts';
import { test_rows } from './outside/test-rows-store.ts';
import { define, type Rule } from './rule.ts';

/** Rules over the rows of all rooms. The numbers are those of docs/spec/changes.md 13. */
const rules: readonly Rule[] = [
  ...changeRules,
  define(
    'a charge is the sum of its lines',
    sql`select charges.processor_key, charges.amount, sum(item.amount) as lines from charges
      left join charge_items item on item.charge_id = charges.id
      group by charges.id having charges.amount is distinct from sum(item.amount)`,
  ),
  define(
    'an order is covered by at most one charge that did not fail',
    sql`select invoiced_entry_id, count(*) from charge_items join charges on charges.id = charge_id
      where state <> 'failed' group by invoiced_entry_id having count(*) > 1`,
  ),
  define(
    'no line is refunded above its amount (8)',
    sql`select item.id, item.amount, sum(line.amount) as refunded from charge_items item
      join refund_lines line on line.charge_item_id = item.id join refunds on refunds.id = line.refund_id
      where refunds.state in ('reserved', 'settled') group by item.id having sum(line.amount) > item.amount`,
  ),
  define(
    'a subscription ends after it began, and overlaps no other of its slot (9)',
    sql`select one.id from subscriptions one where one.ends_at < one.created_at or exists (
      select from subscriptions other where other.profile_id = one.profile_id and other.plan_id = one.plan_id
        and other.id <> one.id and other.created_at < one.ends_at and one.created_at < other.ends_at)`,
  ),
  define(
    'a change orders and charges what its preview showed (1)',
    sql`select change.id, shown.ordered, orders.amount, shown.charged, attempt.amount as charge
      from subscription_changes change join orders on orders.id = change.order_id
        left join charge_attempts attempt on attempt.id = orders.charge_attempt_id
        cross join lateral (select (change.terms #>> '{shown,charge_amount}')::bigint as charged,
          (select coalesce(sum((line ->> 'amount')::bigint), 0)
            from jsonb_array_elements(change.terms #> '{shown,lines}') line where line ->> 'kind' <> 'credit_note') as ordered
        ) shown
      where change.state = 'settled'
        and (orders.amount <> shown.ordered or coalesce(attempt.amount, 0) <> shown.charged)`,
  ),
  define(
    'coverages of one order line never exceed its price, and what is earned never exceeds them (10)',
    sql`select line.id, line.amount, sum(coverages.amount) as covered, sum(coverages.recognised) as earned
      from order_lines line join coverages on coverages.order_line_id = line.id
      group by line.id having sum(coverages.amount) > line.amount or bool_or(recognised not between 0 and coverages.amount)`,
  ),
  define(
    'a coupon has no negative number of redemptions left',
    sql`select code, nb_attempts from coupons where nb_attempts < 0`,
  ),
  define(
    'the numbers of each series of documents are 1 to n without a gap (14)',
    sql`select provider_id, series, year, count(*), max(serial) from documents
      group by provider_id, series, year having count(*) <> max(serial)`,
  ),
  define(
    'credit notes do not exceed their invoice (14)',
    sql`select invoice.id, invoice.amount, sum(note.amount) from documents note
      join documents invoice on invoice.id = note.invoice_id group by invoice.id having sum(note.amount) > invoice.amount`,
  ),
  define(
    'the lots of credit of a provider sum to its account Credit, and no lot is below zero (7)',
    sql`select coalesce(lots.provider_id, account.profile_id) as provider_id, lots.balance, account.amount from (
        select provider_id, unit, sum(credits.amount - coalesce(used.amount, 0)) as balance, min(credits.balance) as least from credits
        left join lateral (select sum(amount) as amount from credit_uses where credit_id = credits.id and state = 'used') used
          on true
        group by provider_id, unit) lots
      full join (select profile_id, unit, sum(amount) as amount from ledger_balances where account = 'Credit'
        group by profile_id, unit) account on account.profile_id = lots.provider_id and account.unit = lots.unit
      where coalesce(lots.balance, 0) <> -coalesce(account.amount, 0) or lots.least < 0`,
  ),
  define(
    'a profile has one trial of a plan, and a payer one open dunning case with a provider (11)',
    sql`select profile_id, provider_id, unit, count(*) from dunning_cases where closed_at is null
      group by profile_id, provider_id, unit having count(*) > 1`,
  ),
  define(
    'Payable is never negative',
    sql`select profile_id, unit, sum(amount) from ledger_balances where account = 'Payable'
      group by profile_id, unit having sum(amount) < 0`,
  ),
  // What was earned of unpaid uses became a debt (docs/spec/billing.md 2.13): it is due and not payable any more.
  define(
    'Liability is what is due and was earned of uses: every payment settles orders',
    sql`select profile_id, unit, sum(liability) as liability, sum(debt) as debt from (
        select profile_id, unit, sum(amount) as liability, 0 as debt from ledger_balances where account = 'Liability'
        group by profile_id, unit
        union all
        select max(profile_id), unit, 0, sum(case when profile_id is null then amount else -amount end)
        from ledger_subject_balances where subject_kind = 'sub' group by subject_kind, subject_id, subject_part, unit
      ) side group by profile_id, unit having sum(liability) <> sum(debt)`,
  ),
  define(
    'the money that left to banks is that of the payouts which did not fail',
    sql`select unit, sum(ledger) as ledger, sum(paid) as paid from (
        select unit, sum(amount) as ledger, 0 as paid from ledger_balances where account = 'Withdraw' group by unit
        union all
        select unit, 0, sum(amount) from payouts where state in ('pending', 'paid') group by unit) side
      group by unit having sum(ledger) <> sum(paid)`,
  ),
  define(
    'coverages of one subscription overlap only for seats (9)',
    sql`select one.subscription_id, one.starts_at, one.ends_at, other.starts_at as other_starts_at
      from coverages one join order_lines line on line.id = one.order_line_id
        join coverages other on other.subscription_id = one.subscription_id
          and (other.order_line_id, other.rank) > (one.order_line_id, one.rank)
        join order_lines other_line on other_line.id = other.order_line_id
      where line.kind = 'period' and other_line.kind = 'period'
        -- A range without length overlaps nothing: it is time that a pause or a change took before it began.
        and tstzrange(one.starts_at, one.ends_at) && tstzrange(other.starts_at, other.ends_at)`,
  ),
  define(
    'every event, and with it all accounts, sums to zero in each unit (3)',
    sql`select profile.unit, sum(profile.amount) from ledger_balances profile
      group by profile.unit having sum(profile.amount) <> 0`,
  ),
  define(
    'no subject is overpaid',
    sql`select subject_kind, subject_id, unit, sum(amount) from ledger_subject_balances where profile_id is null
      group by subject_kind, subject_id, subject_part, unit having sum(amount) < 0`,
  ),
];

/** Rules between the site and the processor. */
const processorRulesOf = ({ charges, payouts }: ProcessorRows): readonly Rule[] => [
  define(
    'the processor has one charge for each accepted attempt, with its amount',
    sql`select attempt.key, attempt.amount, test.amount as charged from charge_attempts attempt
      left join ${charges} test on test.idempotency_key = attempt.key and test.outcome = 'accepted'
      where attempt.state = 'accepted' and attempt.amount is distinct from test.amount`,
  ),
  define(
    'the processor has each payout that the site sent once, with its amount',
    sql`select payouts.key, payouts.amount, test.amount as sent from payouts
      left join ${payouts} test on test.key = payouts.processor_key
      where payouts.state in ('pending', 'paid') and payouts.amount is distinct from test.amount`,
  ),
];

/** Rules that hold once the faults have ended and every job ran: both sides agree. */
const finalProcessorRulesOf = ({ charges, refunds, payouts }: ProcessorRows): readonly Rule[] => [
  define(
    'every payment that the processor took is booked once, or returned whole because its change was given up',
    sql`select test.idempotency_key, test.amount, charges.amount as booked, returned.amount as returned
      from ${charges} test left join charges on charges.processor_key = test.key
      left join lateral (select coalesce(sum(amount), 0) as amount from ${refunds} returned
        where charge_key = test.key and state = 'succeeded') returned on true
      where test.outcome = 'accepted' and charges.amount is distinct from test.amount
        and (charges.id is not null or returned.amount <> test.amount)`,
  ),
  define(
    'the processor and the site agree on the refunds of a charge',
    sql`select processor_key, booked, made from (
        select processor_key, coalesce((select sum(amount) from refunds where charge_id = charges.id and state = 'settled'), 0)
            as booked,
          coalesce((select sum(amount) from ${refunds} returned where charge_key = processor_key and state = 'succeeded'), 0)
            as made from charges) refund
      where booked <> made`,
  ),
  define(
    'the processor and the site agree on every payout',
    sql`select test.key, test.amount, test.state, payouts.amount as booked, payouts.state as booked_state
      from ${payouts} test left join payouts on payouts.processor_key = test.key
      where payouts.id is null or payouts.amount <> test.amount or payouts.state <> test.state`,
  ),
];

/** Rules that hold once the faults have ended and every job ran: nothing is open. */
const final_rules: readonly Rule[] = [
  define('no payout is open', sql`select id, key, state from payouts where state in ('reserved', 'pending')`),
  define('no attempt is open', sql`select id, key, state from charge_attempts where state = 'reserved'`),
  define('no profile is parked', sql`select profile_id, job, reason from parked_profiles where released_at is null`),
  define(
    'no event and no job is parked',
    sql`select id, name, last_error from outbox_events where parked_at is not null and schedule is null`,
  ),
];

/** A broken rule with the first rows that break it. */
export interface BrokenRule {
  rule: string;
  rows: Record<string, unknown>[];
}

const ROWS_SHOWN = 5;

function rulesOf(processor: ProcessorRows, is_final: boolean): readonly Rule[] {
  const held = [...rules, ...processorRulesOf(processor)];
  return is_final ? [...held, ...finalProcessorRulesOf(processor), ...final_rules] : held;
}

/**
 * Returns the rules that are broken now; with `is_final` also those that hold only when nothing is open. `processor` is
 * what the processor has.
 */
export async function findBrokenRules(
  reader: Reader,
  { is_final, processor }: { is_final: boolean; processor: ProcessorRows },
): Promise<BrokenRule[]> {
  const broken: BrokenRule[] = [];
  for (const { rule, query } of rulesOf(processor, is_final)) {
    const { rows } = await query.execute(reader);
    if (rows.length > 0) broken.push({ rule, rows: rows.slice(0, ROWS_SHOWN) });
  }
  return broken;
}

/** Number of rules that `findBrokenRules` checks. */
export function countRules({ is_final }: { is_final: boolean }): number {
  return rulesOf(test_rows, is_final).length;
}

/**
 * Returns the last ids of the tables of money and subscriptions, to find what a refused request wrote: an attempt and
 * the order that it was for, and nothing else (2). Indexes: primary keys.
 */
export async function readLastIds(reader: Reader): Promise<Record<string, unknown>> {
  const { rows } = await sql<Record<string, unknown>>`select
    (select max(id) from ledger_entries) as ledger_entries, (select max(id) from charges) as charges,
    (select max(id) from documents) as documents, (select max(id) from credits) as credits,
    (select max(id) from subscriptions) as subscriptions, (select max(id) from adjustments) as adjustments`.execute(
    reader,
  );
  return rows[0] ?? {};
}

/** What the business did, in 1/100 of the unit. */
export interface BusinessTotals {
  subscribers: number;
  subscriptions: number;
  active_at_end: number;
  sold: number;
  charged: number;
  refunded: number;
  disputed: number;
  recognised: number;
  to_earn: number;
  written_off: number;
  due: number;
  credit: number;
  ledger_entries: number;
  charges: number;
}

/** Sums what the simulation did from the rows. */
export async function readTotals(reader: Reader, at: Date): Promise<BusinessTotals> {
  const account = (name: string, sign: -1 | 1) =>
    sql<number>`coalesce((select ${sql.lit(sign)} * sum(amount) from ledger_balances where account = ${name}), 0)::bigint`;
  const charges = (states: readonly string[]) =>
    sql<number>`coalesce((select sum(amount) from charges where state = any(${[...states]})), 0)::bigint`;
  const { rows } = await sql<BusinessTotals>`select
    (select count(distinct profile_id) from subscriptions)::int as subscribers,
    (select count(*) from subscriptions)::int as subscriptions,
    (select count(*) from subscriptions where created_at <= ${at} and ends_at > ${at})::int as active_at_end,
    coalesce((select sum(orig_amount) from ledger_entries
      where orig_account = 'Receivable' and dest_account = 'Payable'), 0)::bigint as sold,
    ${charges(['done', 'disputed'])} as charged,
    coalesce((select sum(amount) from refunds where state = 'settled'), 0)::bigint as refunded,
    coalesce((select sum(amount) from charges where state = 'disputed'), 0)::bigint as disputed,
    ${account('Income', -1)} as recognised,
    coalesce((select sum(amount - recognised) from coverages), 0)::bigint as to_earn,
    ${account('Writeoff', 1)} as written_off,
    ${account('Payable', 1)} as due,
    ${account('Credit', -1)} as credit,
    (select count(*) from ledger_entries)::int as ledger_entries,
    (select count(*) from charges)::int as charges`.execute(reader);
  const [totals] = rows;
  if (!totals) throw new Error('a query without a table returns a row');
  return totals;
}

import { sql } from 'kysely';
import { define, type Rule } from './rule.ts';

/** Properties 4, 5 and 6 of changes of subscriptions, over their rows. */
export const changeRules: readonly Rule[] = [
  define(
    'what is bought and given back at one instant is given back whole (4)',
    sql`select order_line_id, coverages.rank, coverages.amount, starts_at from coverages join order_lines line on line.id = order_line_id
      where line.kind in ('period', 'seats') and coverages.starts_at = coverages.ends_at and coverages.amount <> 0`,
  ),
  define(
    'a change and its reverse at one instant cost nothing at list price (4)',
    sql`select first.id, second.id as reverse_id, moved.amount, cuts.count, first.effective_at, old as subscription,
        first.terms #> '{shown,lines}' as lines, second.terms #> '{shown,lines}' as reverse_lines
      from subscription_changes first
        join subscriptions old on old.id = first.subscription_id
        join subscription_changes second on second.subscription_id = coalesce(first.new_subscription_id, first.subscription_id)
          and second.effective_at = first.effective_at and second.id > first.id and second.plan_id = old.plan_id
          and second.terms #>> '{quantity,to}' = first.terms #>> '{quantity,from}'
        cross join lateral (select coalesce(sum((line ->> 'amount')::bigint), 0) as amount
          from (select first.terms union all select second.terms) change (terms),
            jsonb_array_elements(change.terms #> '{shown,lines}') line
          where line ->> 'kind' in ('credit_note', 'period', 'seats')) moved
        -- Time that was bought beyond the kept period becomes credit, which the reverse does not take back.
        cross join lateral (select count(*), bool_and(line.amount = line.full_amount) as is_list_price,
            bool_or(greatest(line.covers_to, any_time.starts_at + interval '1 second')
              > (first.terms #>> '{shown,covers_to}')::timestamptz) as is_ahead
          from coverages any_time join order_lines line on line.id = any_time.order_line_id
          where line.id in (select order_line_id from coverages closed where closed.subscription_id = old.id
            and greatest(closed.starts_at, first.effective_at) = closed.ends_at)) cuts
      where first.state = 'settled' and second.state = 'settled'
        and (first.terms ->> 'mode', second.terms ->> 'mode') = ('prorate', 'prorate')
        and (first.terms #>> '{shown,period}', second.terms #>> '{shown,period}') = ('kept', 'kept')
        and cuts.is_list_price and not cuts.is_ahead
        and not exists (select from ledger_entries where subject_kind = 'sub' and subject_id = old.id::text
          and (orig_account in ('Refund', 'Chargeback') or dest_account in ('Refund', 'Chargeback')))
        -- Each cut before the change rounds once.
        and abs(moved.amount) > cuts.count - 1`,
  ),
  define(
    // The refund of unserved time is no credit note: its entry Refund to Backlog takes from the coverage, too.
    'what is earned, still to earn and taken back adds up to the price of the lines of a subject (5)',
    sql`select sold.subject_kind, sold.subject_id, sold.unit, price, earned, to_earn, coalesce(taken.amount, 0) as taken
      from (select subject_kind, subject_id, unit, sum(line.amount) as price, sum(time.earned) as earned,
            sum(time.to_earn + coalesce(frozen.amount, 0)) as to_earn
          from order_lines line
            join (select order_line_id, sum(recognised) as earned, sum(amount - recognised) as to_earn
              from coverages group by order_line_id) time on time.order_line_id = line.id
            left join (select order_line_id, sum(amount) as amount from frozen_coverages group by order_line_id) frozen
              on frozen.order_line_id = line.id
          where coalesce(subject_part, '') = '' group by subject_kind, subject_id, unit) sold
        left join (select subject_kind, subject_id, dest_unit as unit, sum(dest_amount) as amount
          from ledger_entries join ledger_events event on event.id = ledger_event_id
          where event.kind <> 'reversal' and coalesce(subject_part, '') = '' and (orig_account, dest_account) in
            (('Payable', 'Receivable'), ('Refunded', 'Backlog'), ('Refund', 'Backlog'), ('Chargeback', 'Backlog'))
          group by subject_kind, subject_id, dest_unit) taken using (subject_kind, subject_id, unit)
      where price <> earned + to_earn + coalesce(taken.amount, 0)`,
  ),
  define(
    // The income of an unpaid order is taken from what a sale outside of the site left in Backlog, before it is taken
    // from Receivable. So an open debt has as much in Backlog, up to that sale, until it is paid.
    'a subject whose time is earned whole has no Backlog, and no Receivable but what was written off (6)',
    sql`select sold.subject_kind, sold.subject_id, account.*
      from (select subject_kind, subject_id from order_lines line join coverages time on time.order_line_id = line.id
            left join frozen_coverages frozen on frozen.order_line_id = line.id
          where coalesce(subject_part, '') = ''
          group by subject_kind, subject_id
          having bool_and(time.recognised = time.amount) and count(frozen.order_line_id) = 0) sold
        cross join lateral (
          select coalesce(sum(amount) filter (where account = 'Backlog' and not is_outside), 0) as backlog,
            coalesce(-sum(amount) filter (where account = 'Backlog' and is_outside), 0) as outside,
            coalesce(sum(amount) filter (where account = 'Receivable' and not is_outside), 0) as receivable,
            coalesce(sum(amount) filter (where account = 'Canceled' and not is_outside), 0) as canceled
          from (
            select dest_account as account, dest_amount as amount, ledger_event_id, subject_part from ledger_entries entry
              where entry.subject_kind = sold.subject_kind and entry.subject_id = sold.subject_id
            union all
            select orig_account, -orig_amount, ledger_event_id, subject_part from ledger_entries entry
              where entry.subject_kind = sold.subject_kind and entry.subject_id = sold.subject_id
          ) posting
          -- A sale outside of the site, and its reversal, is paid at once, and has no time that could be earned.
          cross join lateral (select exists (select from ledger_entries offline
              where offline.ledger_event_id = posting.ledger_event_id
                and (offline.orig_account = 'Offline' or offline.dest_account = 'Offline'))
            and exists (select from ledger_entries sale where sale.ledger_event_id = posting.ledger_event_id
              and (sale.orig_account, sale.dest_account) in (('Receivable', 'Payable'), ('Payable', 'Receivable')))
            as is_outside) origin
          where coalesce(subject_part, '') = ''
        ) account
      where account.backlog + account.receivable <> -account.canceled or not account.backlog between 0 and account.outside`,
  ),
];

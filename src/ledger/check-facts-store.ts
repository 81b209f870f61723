import { type RawBuilder, sql } from 'kysely';

/*
 * Rows of the ledger in queries of checks of other rooms, as sub-selects: `from ${orderEntries} entry`.
 */

/** Orders by entry: `id`, `amount`, `unit`, `event_key`; also the markers of payments of a balance. */
export const orderEntries: RawBuilder<unknown> = sql`(
    select entry.id, dest_amount as amount, dest_unit as unit, event.key as event_key
    from ledger_entries entry join ledger_events event on event.id = ledger_event_id
    where (orig_account, dest_account) in (('Receivable', 'Payable'), ('settled', 'settled'))
  )`;

/**
 * Payments by event: `key`, `unit`, `paid` (by the customer) and `collected` (of what the providers are owed), both in
 * the unit that the customer paid.
 */
export const eventPayments: RawBuilder<unknown> = sql`(
    select event.key, dest_unit as unit,
      coalesce(sum(dest_amount) filter (where orig_account = 'Liability' and dest_account = 'Funds'), 0) as paid,
      coalesce(sum(dest_amount) filter (where orig_account = 'Backlog' and dest_account = 'Receivable'), 0) as collected
    from ledger_entries entry join ledger_events event on event.id = ledger_event_id
    where (orig_account, dest_account) in (('Liability', 'Funds'), ('Backlog', 'Receivable'))
    group by event.id, dest_unit
  )`;

/** Amounts given back by subject: `subject_kind`, `subject_id`, `subject_part`, `unit`, `amount`. */
export const subjectRefunds: RawBuilder<unknown> = sql`(
    select subject_kind, subject_id, subject_part, unit, sum(amount) as amount
    from ledger_entries cross join lateral (values
      (orig_unit, orig_amount, orig_account = 'Refunded'), (dest_unit, -dest_amount, dest_account = 'Refunded')
    ) as posting (unit, amount, is_counted)
    where is_counted and subject_kind is not null
    group by subject_kind, subject_id, subject_part, unit
  )`;

/** What providers owe by lot of credit: `id` (number of the lot), `profile_id` (provider), `unit`, `amount`; not 0. */
export const creditBalances: RawBuilder<unknown> = sql`(
    select subject_id as id, profile_id, unit, sum(amount) as amount
    from ledger_entries cross join lateral (values
      (orig_profile_id, orig_unit, orig_amount, orig_account = 'Credit'),
      (dest_profile_id, dest_unit, -dest_amount, dest_account = 'Credit')
    ) as posting (profile_id, unit, amount, is_counted)
    where is_counted
    group by subject_id, profile_id, unit having sum(amount) <> 0
  )`;

/**
 * What credit notes and refunds of unserved time took from the orders on subscriptions and seats: `subject_kind`,
 * `subject_id`, `subject_part`, `unit`, `amount`. Orders that the reversal of an import took back are left out.
 */
export const subjectNotes: RawBuilder<unknown> = sql`(
    select subject_kind, subject_id, subject_part, dest_unit as unit, sum(dest_amount) as amount
    from ledger_entries join ledger_events event on event.id = ledger_event_id
    where subject_kind in ('sub', 'cpn') and event.kind <> 'reversal' and ((orig_account, dest_account)
      in (('Payable', 'Receivable'), ('Refunded', 'Backlog'), ('Refund', 'Backlog'), ('Chargeback', 'Backlog')))
    group by subject_kind, subject_id, subject_part, dest_unit
  )`;

/** Recognised income of subscriptions and seats: `subject_kind`, `subject_id`, `subject_part`, `unit`, `amount`. */
export const subjectIncomes: RawBuilder<unknown> = sql`(
    select subject_kind, subject_id, subject_part, posting.unit, sum(posting.amount) as amount
    from ledger_entries cross join lateral (values
      (orig_unit, orig_amount, orig_account = 'Income'), (dest_unit, -dest_amount, dest_account = 'Income')
    ) as posting (unit, amount, is_counted)
    where is_counted and subject_kind in ('sub', 'cpn')
    group by subject_kind, subject_id, subject_part, posting.unit
  )`;

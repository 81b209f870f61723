import type pg from 'pg';

/** Events of one statement: its locks and memory are bounded. */
const CHUNK = 5_000;
export const ENTRIES_PER_EVENT = 4;

/**
 * Inserts paid orders of one payer, 4 entries in one event each, with all triggers. `kind` names the events; `subjects`
 * is the number of subscriptions that they are about.
 */
export async function insertPaidOrders(
  client: pg.Client,
  { kind, payer, count, subjects }: { kind: string; payer: string; count: number; subjects: number },
): Promise<void> {
  for (let from = 0; from < count; from += CHUNK) {
    await client.query(
      `with parties as (
        select (select id from profiles where slug = $2) as payer, (select id from profiles where slug in ('broker', 'tollgate') limit 1) as provider
      ), event as (
        insert into ledger_events (key, kind, created_at)
        select 'bench:' || $1 || ':' || n, $1, now() - ($4 - n) * interval '1 minute'
        from generate_series($3::int, $4::int) as n
        returning id, key, created_at
      )
      insert into ledger_entries (ledger_event_id, rank, created_at, description, subject_kind, subject_id, subject_part,
        orig_profile_id, orig_account, orig_amount, orig_unit, dest_profile_id, dest_account, dest_amount, dest_unit)
      select event.id, rank, created_at, 'Payment of bench order ' || n, 'sub', $1 || '-' || n % $5, '',
        case side when 'payer' then payer else provider end, orig, 2000, 'usd',
        case other when 'payer' then payer else provider end, dest, 2000, 'usd'
      from event cross join parties
        cross join lateral (select split_part(key, ':', 3)::int as n) numbered
        cross join (values (0, 'provider', 'Receivable', 'payer', 'Payable'), (1, 'payer', 'Payable', 'payer', 'Liability'),
          (2, 'provider', 'Backlog', 'provider', 'Receivable'), (3, 'payer', 'Liability', 'provider', 'Funds')
        ) as entry (rank, side, orig, other, dest)
      order by n, rank`,
      [kind, payer, from, Math.min(from + CHUNK, count) - 1, subjects],
    );
  }
}

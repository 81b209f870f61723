import type { Selectable } from 'kysely';
import type { BilledUsesTable, LedgerEntryId, ProfileId } from '#platform/db/db-schema';
import type { LedgerSubject } from '#ledger';
import type { Reader, Tx } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';
import { type Part, readRows, runTogether } from '#platform/db/together';
import { awaitsProvider } from '#subscriptions';
import { unparkedRows } from '../parked/index.ts';

/**
 * Selects payers above `after` with a window that ended at or before `until`, by id. Excludes parked profiles, and
 * windows of requests that their provider has not accepted: those earn nothing.
 *
 * A walk reads each of both indexes once: every batch continues where the one before it ended.
 */
export async function findDuePayers(
  reader: Reader,
  until: Date,
  { after, limit }: { after: ProfileId | null; limit: number },
): Promise<{ id: ProfileId }[]> {
  // Indexes: coverages_due, billed_uses_due; both have what is read.
  return executeFragment(
    reader,
    fragment<{ id: ProfileId }>`
    select id from (
      (select distinct payer_id as id from coverages
        where payer_id > ${after ?? 0} and next_window_at <= ${until}
          and not ${awaitsProvider(fragment`coverages.subscription_id`)} order by payer_id limit ${limit})
      union
      (select distinct payer_id from billed_uses
        where payer_id > ${after ?? 0} and recognise_at <= ${until} order by payer_id limit ${limit})
    ) due where ${unparkedRows(fragment`due.id`, 'recognise_income')} order by id limit ${limit}`,
  );
}

/** Uses whose order is in the ledger, and the window in which they are earned. */
export type DueUse = Pick<Selectable<BilledUsesTable>, 'id'> & {
  ledger_entry_id: LedgerEntryId;
  recognise_from: Date;
  recognise_at: Date;
};

/** Part that selects up to `limit` billed uses of a payer whose window ended by `until`, FOR UPDATE, by id. */
export function dueUsesLock(payer_id: ProfileId, until: Date, limit: number): Part<DueUse[]> {
  // Index: billed_uses_due.
  const query = fragment<DueUse>`
    select id, ledger_entry_id, recognise_from, recognise_at from billed_uses
    where payer_id = ${payer_id} and recognise_at <= ${until} and ledger_entry_id is not null
    order by id limit ${limit} for no key update`;
  return { query, read: (rows) => readRows<DueUse>(rows, ['recognise_from', 'recognise_at']) };
}

/**
 * Part that marks uses as recognised, and stops those that were written off before. Stopped uses are due never, until
 * `reviveWindows`.
 */
export function recognisedUses(ids: readonly DueUse['id'][], stopped_ids: readonly DueUse['id'][]): Part<void> {
  // Index: primary key of billed_uses.
  const query = fragment`update billed_uses set
      recognise_from = case when id = any(${[...stopped_ids]}::bigint[]) then recognise_from end,
      recognise_at = case when id = any(${[...stopped_ids]}::bigint[]) then 'infinity'::timestamptz end
    where id = any(${[...ids]}::bigint[])`;
  return { query, read: null };
}

/**
 * Makes the income of subjects due again that was stopped by a write-off. To be called when the write-off is reversed.
 */
export async function reviveWindows(tx: Tx, subjects: readonly LedgerSubject[]): Promise<void> {
  const held = fragment`unnest(${subjects.map(({ kind }) => kind)}::text[], ${subjects.map(({ id }) => id)}::text[],
    ${subjects.map(({ part }) => part)}::text[]) as subject (kind, id, part)`;
  // Indexes: order_lines_subscription_id, order_lines_seats, billed_uses_subscription_id.
  await runTogether(tx, {
    lines: {
      query: fragment`
        select line.id from ${held} join order_lines line on line.subscription_id = case subject.kind when 'sub' then subject.id::bigint end
        where subject.kind = 'sub' and line.subject_kind = 'sub' and line.subject_part is not distinct from subject.part
        union
        select line.id from ${held} join order_lines line on line.subject_kind = 'cpn' and line.subject_id = subject.id
        where subject.kind = 'cpn' and line.subject_part is not distinct from subject.part`,
      read: null,
    },
    revived_coverages: {
      query: fragment`update coverages set next_window_at = ends_at
        where order_line_id in (select id from lines) and recognised < amount and next_window_at is null`,
      read: null,
    },
    revived_uses: {
      query: fragment`update billed_uses set recognise_at = recognise_from + interval '1 month'
        from ${held}
        where subject.kind = 'sub' and billed_uses.subscription_id = case subject.kind when 'sub' then subject.id::bigint end and recognise_at = 'infinity'`,
      read: null,
    },
  });
}

import type { PlanId, UserId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';
import type { Person } from '../cart/index.ts';

/** List of people that a buyer uploaded and has not confirmed. */
export interface SeatUpload {
  user_id: UserId;
  plan_id: PlanId;
  /** Names the list in the form that confirms it. */
  key: string;
  /** 1-based number of the price option; 0 for the first. */
  option: number;
  people: readonly Person[];
  created_at: Date;
}

/** Inserts a list; replaces an earlier one of the user. */
export async function upsertSeatUpload(tx: Tx, { people, ...upload }: SeatUpload): Promise<void> {
  await executeFragment(
    tx,
    fragment`insert into seat_uploads (user_id, plan_id, key, option, people, created_at)
      values (${upload.user_id}, ${upload.plan_id}, ${upload.key}, ${upload.option}, ${JSON.stringify(people)}::jsonb,
        ${upload.created_at})
      on conflict (user_id) do update set plan_id = excluded.plan_id, key = excluded.key, option = excluded.option,
        people = excluded.people, created_at = excluded.created_at`,
  );
}

/** Finds the list of a user that was uploaded after an instant. */
export async function findSeatUpload(
  reader: Reader,
  user_id: UserId,
  key: string,
  after: Date,
): Promise<SeatUpload | undefined> {
  const [found] = await executeFragment(
    reader,
    fragment<SeatUpload>`select user_id, plan_id, key, option, people, created_at from seat_uploads
      where user_id = ${user_id} and key = ${key} and created_at > ${after}`,
  );
  return found;
}

export async function deleteSeatUpload(tx: Tx, user_id: UserId, key: string): Promise<void> {
  await tx.deleteFrom('seat_uploads').where('user_id', '=', user_id).where('key', '=', key).execute();
}

/** Deletes at most `rows_max` lists uploaded before an instant. Index: seat_uploads_created_at. */
export async function deleteOldUploads(tx: Tx, before: Date, rows_max: number): Promise<number> {
  const deleted = await tx
    .deleteFrom('seat_uploads')
    .where('user_id', 'in', (eb) =>
      eb
        .selectFrom('seat_uploads')
        .select('user_id')
        .where('created_at', '<', before)
        .orderBy('created_at')
        .limit(rows_max),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

import type { Tx } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';

/** A notice that is sent once per occurrence. `subject_id` is the id of the row that it is about. */
export interface NoticeMark {
  kind: string;
  subject_id: number;
  occurrence: string;
}

/** Marks notices as sent; returns those that were not sent before. A concurrent transaction waits. */
export async function insertNoticeMarks(tx: Tx, marks: readonly NoticeMark[], at: Date): Promise<NoticeMark[]> {
  if (marks.length === 0) return [];
  return executeFragment(
    tx,
    fragment<NoticeMark>`insert into sent_notices (kind, subject_id, occurrence, sent_at)
      select distinct kind, subject_id, occurrence, ${at}::timestamptz
      from json_to_recordset(${JSON.stringify(marks)}::json) as mark (kind text, subject_id bigint, occurrence text)
      order by kind, subject_id, occurrence
      on conflict do nothing returning kind, subject_id, occurrence`,
  );
}

import { type Selectable, sql } from 'kysely';
import type {
  ChargeAttemptId,
  DunningCaseId,
  DunningCasesTable,
  DunningTermsTable,
  ProfileId,
} from '#platform/db/db-schema';
import { pointRead } from '#platform/db/built-once';
import type { Reader, Tx } from '#platform/db/database';
import { executeFragment, fragment, type Fragment } from '#platform/db/fragment';
import { noteChange } from '#platform/facts/changes-store';
import { type Part } from '#platform/db/together';
import type { ChargeTrigger, DunningAttempt, DunningCase } from './dunning-case.ts';
import type { DunningTerms, OwnTerms } from './dunning-terms.ts';

/** What a case is about: a payer, a provider and a unit. */
export interface DuePlace {
  profile_id: ProfileId;
  provider_id: ProfileId;
  unit: string;
}

export function isSamePlace(a: DuePlace, b: DuePlace): boolean {
  return a.profile_id === b.profile_id && a.provider_id === b.provider_id && a.unit === b.unit;
}

/** Converts a row of `dunning_cases`. */
export function readCase(row: Selectable<DunningCasesTable>): DunningCase {
  return { ...row, terms: row.terms as unknown as DunningTerms }; // written by insertCase
}

/** Selects the open case of a place FOR UPDATE. Index: dunning_cases_open. */
export async function lockOpenCase(tx: Tx, place: DuePlace): Promise<DunningCase | undefined> {
  const row = await tx
    .selectFrom('dunning_cases')
    .selectAll()
    .where('profile_id', '=', place.profile_id)
    .where('provider_id', '=', place.provider_id)
    .where('unit', '=', place.unit)
    .where('closed_at', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  return row && readCase(row);
}

/** Finds the newest case of a place, open or closed. Index: dunning_cases_profile_id. */
export async function findLastCase(reader: Reader, place: DuePlace): Promise<DunningCase | undefined> {
  const row = await reader
    .selectFrom('dunning_cases')
    .selectAll()
    .where('profile_id', '=', place.profile_id)
    .where('provider_id', '=', place.provider_id)
    .where('unit', '=', place.unit)
    .orderBy('began_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && readCase(row);
}

export async function findCase(reader: Reader, id: DunningCaseId): Promise<DunningCase | undefined> {
  const row = await reader.selectFrom('dunning_cases').selectAll().where('id', '=', id).executeTakeFirst();
  return row && readCase(row);
}

/** Finds the open cases of payers, by id. Index: dunning_cases_open. */
export async function findOpenCases(reader: Reader, profile_ids: readonly ProfileId[]): Promise<DunningCase[]> {
  const rows = await reader
    .selectFrom('dunning_cases')
    .selectAll()
    .where('profile_id', '=', sql<ProfileId>`any(${[...profile_ids]}::bigint[])`)
    .where('closed_at', 'is', null)
    .orderBy('id')
    .execute();
  return rows.map(readCase);
}

/**
 * Closes the open cases of an archived profile, as payer and as provider: it is charged no more. What is due stays due.
 * Index: dunning_cases_open.
 */
export async function closeCasesOfArchived(tx: Tx, profile_id: ProfileId, at: Date): Promise<void> {
  const rows = await tx
    .updateTable('dunning_cases')
    .set({ state: 'closed', closed_at: at, next_attempt_at: null, frozen_at: null })
    .where('closed_at', 'is', null)
    .where((eb) => eb.or([eb('profile_id', '=', profile_id), eb('provider_id', '=', profile_id)]))
    .returning('profile_id')
    .execute();
  for (const payer of rows) await noteChange(tx, 'past-due', payer.profile_id);
}

/** Finds open cases by id, for a walk. Index: primary key. */
export async function findOpenBatch(
  reader: Reader,
  after: DunningCaseId | null,
  limit: number,
): Promise<DunningCase[]> {
  const rows = await reader
    .selectFrom('dunning_cases')
    .selectAll()
    .where('closed_at', 'is', null)
    .where('id', '>', after ?? (0 as DunningCaseId)) // ids start at 1
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(readCase);
}

export type NewCase = Pick<
  DunningCase,
  | 'profile_id'
  | 'provider_id'
  | 'unit'
  | 'state'
  | 'terms'
  | 'attempts_count'
  | 'processor_failures_count'
  | 'next_attempt_at'
  | 'ends_at'
  | 'began_at'
>;

export async function insertCase(tx: Tx, { terms, ...row }: NewCase): Promise<DunningCase> {
  const inserted = await tx
    .insertInto('dunning_cases')
    .values({ ...row, terms: JSON.stringify(terms) })
    .returningAll()
    .executeTakeFirstOrThrow();
  await noteChange(tx, 'past-due', row.profile_id);
  return readCase(inserted);
}

export type CaseChange = Partial<
  Pick<
    DunningCase,
    'state' | 'attempts_count' | 'processor_failures_count' | 'next_attempt_at' | 'ends_at' | 'frozen_at' | 'closed_at'
  >
>;

export async function updateCase(tx: Tx, id: DunningCaseId, change: CaseChange): Promise<DunningCase> {
  const row = await tx
    .updateTable('dunning_cases')
    .set(change)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  if (change.closed_at !== undefined) await noteChange(tx, 'past-due', row.profile_id);
  return readCase(row);
}

/** Inserts an attempt of a case with the next rank. */
export async function insertAttempt(
  tx: Tx,
  attempt: Omit<DunningAttempt, 'rank' | 'is_counted'> & { is_counted: boolean },
): Promise<number> {
  const { rank } = await tx
    .insertInto('dunning_attempts')
    .values((eb) => ({
      ...attempt,
      rank: eb
        .selectFrom('dunning_attempts')
        .select(sql<number>`coalesce(max(rank), 0) + 1`.as('rank'))
        .where('dunning_case_id', '=', attempt.dunning_case_id),
    }))
    .returning('rank')
    .executeTakeFirstOrThrow();
  return rank;
}

/** Finds the attempts of cases, oldest first. Index: primary key. */
export async function findAttempts(reader: Reader, case_ids: readonly DunningCaseId[]): Promise<DunningAttempt[]> {
  if (case_ids.length === 0) return [];
  return reader
    .selectFrom('dunning_attempts')
    .selectAll()
    .where('dunning_case_id', 'in', [...case_ids])
    .orderBy('dunning_case_id')
    .orderBy('rank')
    .execute();
}

/** Finds the rules that a provider set. */
export async function findOwnTerms(
  reader: Reader,
  provider_id: ProfileId,
): Promise<Selectable<DunningTermsTable> | undefined> {
  const [own] = await ownTermsOf(reader, provider_id);
  return own;
}

const ownTermsOf = pointRead((reader, provider_id: ProfileId) =>
  reader.selectFrom('dunning_terms').selectAll().where('provider_id', '=', provider_id),
);

/** Saves the rules that a provider set; removes the row when it sets none. */
export async function saveOwnTerms(tx: Tx, provider_id: ProfileId, own: OwnTerms, at: Date): Promise<void> {
  if (Object.values(own).every((value) => value === null)) {
    await tx.deleteFrom('dunning_terms').where('provider_id', '=', provider_id).execute();
    return;
  }
  const { retry_days, end: ends, ...rest } = own;
  const row = { ...rest, retry_days: retry_days && JSON.stringify(retry_days), ends, updated_at: at };
  await tx
    .insertInto('dunning_terms')
    .values({ provider_id, ...row })
    .onConflict((conflict) => conflict.column('provider_id').doUpdateSet(row))
    .execute();
}

/** An automatic charge with the outcome of its attempt. */
export interface RenewalCharge extends DuePlace {
  charge_attempt_id: ChargeAttemptId;
  trigger: ChargeTrigger;
  amount: number;
  kind: DunningAttempt['kind'];
  code: string | null;
  created_at: Date;
}

/** Part that inserts an automatic charge for the attempt that the part `attempt` of the same statement inserts. */
export function insertedRenewalCharge(
  { profile_id, provider_id, unit }: DuePlace,
  { trigger, amount, at }: { trigger: ChargeTrigger; amount: number; at: Date },
): Part<void> {
  const query = fragment`insert into renewal_charges
      (charge_attempt_id, profile_id, provider_id, unit, trigger, amount, created_at)
    select id, ${profile_id}, ${provider_id}, ${unit}, ${trigger}, ${amount}::bigint, ${at} from attempt`;
  return { query, read: null };
}

/** Finds the automatic charges of a place, newest first. Index: renewal_charges_place. */
export async function findRenewalCharges(reader: Reader, place: DuePlace, limit: number): Promise<RenewalCharge[]> {
  return reader
    .selectFrom('renewal_charges')
    .selectAll()
    .where('profile_id', '=', place.profile_id)
    .where('provider_id', '=', place.provider_id)
    .where('unit', '=', place.unit)
    .orderBy('charge_attempt_id', 'desc')
    .limit(limit)
    .execute();
}

/** Finds automatic charges whose outcome is not noted, by attempt. Index: renewal_charges_open. */
export async function findOpenRenewalCharges(
  reader: Reader,
  after: ChargeAttemptId | null,
  limit: number,
): Promise<(RenewalCharge & { id: ChargeAttemptId })[]> {
  return reader
    .selectFrom('renewal_charges')
    .selectAll()
    .select('charge_attempt_id as id')
    .where('closed_at', 'is', null)
    .where('charge_attempt_id', '>', after ?? (0 as ChargeAttemptId)) // ids start at 1
    .orderBy('charge_attempt_id')
    .limit(limit)
    .execute();
}

/** Notes the outcome of automatic charges, in one statement. Returns those whose outcome was not noted before. */
export async function closeRenewalCharges(
  tx: Tx,
  ids: readonly ChargeAttemptId[],
  outcome: { kind: NonNullable<RenewalCharge['kind']>; code: string | null },
  at: Date,
): Promise<ChargeAttemptId[]> {
  const rows = await tx
    .updateTable('renewal_charges')
    .set({ ...outcome, closed_at: at })
    .where('charge_attempt_id', '=', sql<ChargeAttemptId>`any(${[...ids]}::bigint[])`)
    .where('closed_at', 'is', null)
    .returning('charge_attempt_id')
    .execute();
  return rows.map(({ charge_attempt_id }) => charge_attempt_id);
}

/** Finds the places whose last automatic charge did not reach the processor. Index: renewal_charges_unreached. */
export async function findUnreachedPlaces(reader: Reader, since: Date): Promise<DuePlace[]> {
  const query: Fragment<DuePlace> = fragment`select distinct profile_id, provider_id, unit from renewal_charges failed
    where kind = 'processor' and created_at > ${since} and not exists (
      select from renewal_charges later where later.profile_id = failed.profile_id
        and later.provider_id = failed.provider_id and later.unit = failed.unit
        and later.charge_attempt_id > failed.charge_attempt_id)
    order by profile_id, provider_id, unit`;
  return executeFragment(reader, query);
}

import type { ChargeAttemptId } from '#platform/db/db-schema';
import { inTransaction, type Reader, type Tx } from '#platform/db/database';
import { type AttemptResult, findAttemptResults } from '#payments';
import { lockProfile } from '#profiles';
import { failureKind } from './decline-kind.ts';
import type { Failure } from './dunning-case.ts';
import type { DunningContext } from './dunning-context.ts';
import {
  closeRenewalCharges,
  type DuePlace,
  findOpenCases,
  findOpenRenewalCharges,
  findRenewalCharges,
  insertAttempt,
  isSamePlace,
  type RenewalCharge,
} from './dunning-store.ts';
import { noteFailure } from './note-failure.ts';

const BATCH = 500;
/** Newest charges of a place among which open ones are looked for. */
const RECENT = 5;

type OpenCharge = RenewalCharge & { id: ChargeAttemptId };

/**
 * Notes the outcomes of automatic charges that ended since: those whose process was killed, those that the processor
 * decided later, and the paid ones. A charge without an outcome stays open.
 */
export async function noteOutcomes(ctx: DunningContext): Promise<void> {
  let after: ChargeAttemptId | null = null;
  for (;;) {
    const charges: OpenCharge[] = await findOpenRenewalCharges(ctx.db, after, BATCH);
    await noteAll(ctx, charges);
    after = charges.at(-1)?.id ?? null;
    if (charges.length < BATCH) return;
  }
}

/** Notes the outcomes of the charges of a place, before its case is reviewed. */
export async function noteOutcomesOf(ctx: DunningContext, place: DuePlace): Promise<void> {
  await noteAll(ctx, await findOpenOfPlace(ctx.db, place));
}

/**
 * Notes the paid charges of a place in the transaction that may close its case. Without it, another process could
 * close the case between the settlement of a charge and its note, and the case would lose the attempt.
 *
 * The caller has locked the payer's profile, as a settlement does, and not yet the case. Locks: the charges.
 */
export async function notePaidOf(tx: Tx, place: DuePlace, at: Date): Promise<void> {
  const charges = await findOpenOfPlace(tx, place);
  if (charges.length === 0) return;
  const results = await findResults(tx, charges);
  const paid = charges.filter(({ id }) => isPaid(results.get(id)));
  await notePaid(tx, paid, at);
}

async function findOpenOfPlace(reader: Reader, place: DuePlace): Promise<OpenCharge[]> {
  const charges = await findRenewalCharges(reader, place, RECENT);
  return charges.filter(({ kind }) => kind === null).map((charge) => ({ ...charge, id: charge.charge_attempt_id }));
}

async function noteAll(ctx: DunningContext, charges: readonly OpenCharge[]): Promise<void> {
  const results = await findResults(ctx.db, charges);
  const paid = charges.filter(({ id }) => isPaid(results.get(id)));
  if (paid.length > 0)
    await inTransaction(ctx.db, async (tx) => {
      await lockPayersWithCases(tx, paid);
      await notePaid(tx, paid, ctx.clock.now());
    });
  for (const charge of charges) {
    const failure = failureOf(results.get(charge.id), charge.created_at);
    if (failure) await noteOne(ctx, charge, failure);
  }
}

function findResults(reader: Reader, charges: readonly OpenCharge[]) {
  return findAttemptResults(
    reader,
    charges.map(({ id }) => id),
  );
}

function isPaid(result: AttemptResult | undefined): boolean {
  return result?.state === 'settled' && (result.charge_state === 'done' || result.charge_state === 'disputed');
}

/** Returns the failure of an attempt that ended without money; null if it is paid or not decided. Pure. */
export function failureOf(result: AttemptResult | undefined, at: Date): Failure | null {
  if (result?.state === 'failed') return { kind: 'processor', code: result.decline_code ?? 'never_asked', at };
  if (result?.state === 'declined') {
    const code = result.decline_code ?? 'unknown';
    return { kind: failureKind(code, result.decline_kind), code, at };
  }
  // The processor accepted the charge, and the bank refused it later.
  if (result?.state === 'settled' && result.charge_state === 'failed')
    return { kind: 'soft', code: 'charge_failed', at };
  return null;
}

async function noteOne(ctx: DunningContext, charge: OpenCharge, failure: Failure): Promise<void> {
  try {
    await inTransaction(ctx.db, async (tx) => {
      await lockProfile(tx, charge.profile_id);
      await noteFailure(ctx, tx, { ...charge, charge_attempt_id: charge.id }, failure);
    });
  } catch (error) {
    ctx.log.error({ err: error, charge_attempt_id: charge.id }, 'outcome of an automatic charge not noted');
  }
}

/** Locks the payers whose open cases get attempts, in the order of their ids: attempts of a case are numbered. */
async function lockPayersWithCases(tx: Tx, charges: readonly OpenCharge[]): Promise<void> {
  const cases = await findOpenCases(tx, [...new Set(charges.map(({ profile_id }) => profile_id))]);
  const payer_ids = [...new Set(cases.map(({ profile_id }) => profile_id))].toSorted((a, b) => a - b);
  for (const id of payer_ids) await lockProfile(tx, id);
}

/** Notes that charges are paid; those of a place with an open case become its attempts. */
async function notePaid(tx: Tx, charges: readonly OpenCharge[], at: Date): Promise<void> {
  if (charges.length === 0) return;
  const ids = charges.map(({ id }) => id);
  const noted = new Set(await closeRenewalCharges(tx, ids, { kind: 'paid', code: null }, at));
  const cases = await findOpenCases(tx, [...new Set(charges.map(({ profile_id }) => profile_id))]);
  for (const { id, trigger, amount, created_at, ...place } of charges) {
    const open = cases.find((each) => isSamePlace(each, place));
    if (!open || !noted.has(id)) continue;
    await insertAttempt(tx, {
      dunning_case_id: open.id,
      trigger,
      charge_attempt_id: id,
      amount,
      kind: 'paid',
      code: null,
      is_counted: true,
      created_at,
    });
  }
}

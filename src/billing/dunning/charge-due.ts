import { createHash } from 'node:crypto';
import type { ProfileId } from '#platform/db/db-schema';
import { Problem } from '#kernel/problem';
import { inTransaction, type Reader, type Tx } from '#platform/db/database';
import { runAndCommit } from '#platform/db/together';
import {
  abandonAttempt,
  type Attempt,
  callProcessor,
  type Charge,
  type ChargeOutcome,
  type DeclineKind,
  findOutcome,
  findUnresolvedCharge,
  findUnresolvedCustomers,
  type PaymentContext,
  type PaymentMethod,
  paymentsProblems,
  postponeAttempt,
  prepareAttempt,
  returnPayment,
} from '#payments';
import { lockProfile, findProfileById } from '#profiles';
import { closeUnpaidOrder, declinedReason, settleOrder } from '../orders/index.ts';
import { isParked } from '../parked/index.ts';
import { buildLineFacts, describeLine } from '../quotes/index.ts';
import {
  buildOrderLines,
  cartVersion,
  collectLines,
  type Order,
  payableLines,
  reservedOrderParts,
} from '../records/index.ts';
import { findOrderingPayers, hasOrderInFlight } from './in-flight-store.ts';
import { failureKind } from './decline-kind.ts';
import type { ChargeTrigger, DunningCase, Failure } from './dunning-case.ts';
import {
  type DuePlace,
  findOpenCases,
  findRenewalCharges,
  insertedRenewalCharge,
  isSamePlace,
} from './dunning-store.ts';
import { type Due, dueAt, isChargeable, loadDues } from './load-dues.ts';
import { noteAbsentCard, noteFailure } from './note-failure.ts';
import type { DunningContext } from './dunning-context.ts';

/**
 * What came of an automatic charge. `busy`: another payment of the payer is open, so that the charge is postponed.
 * `nothing`: nothing is due, or another process has charged it.
 */
export type DueOutcome =
  | { result: 'nothing' | 'busy' | 'no_card' | 'unreached' }
  | { result: 'declined'; failure: Failure; kind: DeclineKind; detail: string }
  | { result: 'charged'; charge: Charge | null };

/**
 * True if a charge is to be made still. It was decided on before its payer was locked: in the meantime another process
 * may have charged the payer, and the bank may have refused. `open`: the case of the place, if there is one. May throw
 * a problem. The payer's profile is locked, as for each change of a case.
 */
export type StillWanted = (tx: Tx, open: DunningCase | undefined) => boolean | Promise<boolean>;

export interface WantedCharge {
  trigger: ChargeTrigger;
  at: Date;
  /** Omitted by a caller that decides under the lock of the payer. */
  isWanted?: StillWanted;
}

/** A reserved charge of a due. */
export interface ReservedDue {
  place: DuePlace;
  order: Order;
  attempt: Attempt;
}

/**
 * Charges what a payer owes to a provider on auto-renewing subscriptions to the card on file, in three steps like a
 * checkout: the order of the balance, the attempt and its key are committed, the processor is called outside of any
 * transaction, then the payment is settled. A failure opens or moves the dunning case of the place.
 *
 * Locks: the payer's profile, then as `settleOrder`.
 */
export async function chargeDue(
  ctx: DunningContext,
  place: DuePlace,
  { trigger, at, isWanted = () => true }: WantedCharge,
): Promise<DueOutcome> {
  const reserved = await inTransaction(ctx.db, async (tx): Promise<ReservedDue | DueOutcome> => {
    await lockProfile(tx, place.profile_id);
    const payer = await findProfileById(tx, place.profile_id);
    if (!payer?.is_active || (await isParked(tx, payer.id, 'renew_subscriptions'))) return { result: 'nothing' };
    const due = dueAt(await loadDues(tx, payer, at, { renewing_only: true }), place);
    if (!due || !isChargeable(due)) return { result: 'nothing' };
    if (await isPaying(tx, place.profile_id)) return { result: 'busy' };
    const open = (await findOpenCases(tx, [place.profile_id])).find((each) => isSamePlace(each, place));
    if (!(await isWanted(tx, open))) return { result: 'nothing' };
    return reserveDue(ctx, tx, due, { trigger, at });
  });
  return 'result' in reserved ? reserved : runReserved(ctx, reserved, at);
}

/** True if an order or a charge of the payer is open: it may pay what is due. */
export async function isPaying(tx: Tx, payer_id: ProfileId): Promise<boolean> {
  return (await hasOrderInFlight(tx, payer_id)) || (await findUnresolvedCharge(tx, payer_id)) !== undefined;
}

/** Returns the payers with an open order or charge, as `isPaying`. */
export async function findPayingPayers(reader: Reader, payer_ids: readonly ProfileId[]): Promise<Set<ProfileId>> {
  const ordering = await findOrderingPayers(reader, payer_ids);
  return new Set([...ordering, ...(await findUnresolvedCustomers(reader, payer_ids))]);
}

/** Decides the attempt that charges a due; null if no card is on file. `cards`: as in `prepareAttempt`. */
export async function prepareDue(
  ctx: Pick<PaymentContext, 'processors' | 'clock'>,
  tx: Tx,
  due: Due,
  { after, at, cards }: { after: string; at: Date; cards?: readonly PaymentMethod[] },
) {
  const { profile_id, unit, amount, invoicables } = due;
  try {
    return await prepareAttempt(tx, {
      processors: ctx.processors,
      profile_id,
      created_by: null,
      amount,
      unit,
      lines: payableLines(buildOrderLines(unit, invoicables)),
      description: describeDue(due),
      token: null,
      remember_card: false,
      ...(cards === undefined ? {} : { cards }),
      key: chargeKey(due, after),
      at,
      reserved_at: ctx.clock.now(),
    });
  } catch (error) {
    if (error instanceof Problem && error.code === paymentsProblems.payment_method_absent.code) return null;
    throw error;
  }
}

/** Returns the parts that reserve a prepared charge of a due. */
export function reservedDueParts(
  due: Due,
  prepared: NonNullable<Awaited<ReturnType<typeof prepareDue>>>,
  { trigger, at }: { trigger: ChargeTrigger; at: Date },
) {
  const { profile_id, unit, amount, invoicables } = due;
  const order = {
    profile_id,
    created_by: null,
    cart_version: cartVersion(invoicables),
    amount,
    unit,
    attempt: prepared.row,
  };
  return {
    ...reservedOrderParts(order, buildOrderLines(unit, invoicables), at),
    renewal_charge: insertedRenewalCharge(due, { trigger, amount, at }),
  };
}

/** Reserves the charge of a due and commits it; without a card, opens or moves the dunning case instead. */
async function reserveDue(
  ctx: DunningContext,
  tx: Tx,
  due: Due,
  { trigger, at }: { trigger: ChargeTrigger; at: Date },
): Promise<ReservedDue | DueOutcome> {
  const [last] = await findRenewalCharges(tx, due, 1);
  const prepared = await prepareDue(ctx, tx, due, { after: `attempt ${last?.charge_attempt_id ?? 0}`, at });
  if (prepared === null) {
    await noteAbsentCard(ctx, tx, due, { trigger, at });
    return { result: 'no_card' };
  }
  const { attempt, new_order } = await runAndCommit(tx, reservedDueParts(due, prepared, { trigger, at }));
  if (!attempt || !new_order) throw new Error('a charge of a due was not reserved');
  const { profile_id, provider_id, unit } = due;
  return {
    place: { profile_id, provider_id, unit },
    order: new_order,
    attempt: { ...attempt, source: prepared.source },
  };
}

/**
 * Calls the processor for a reserved charge and settles the outcome. When the outcome is unknown the order stays
 * reserved: the job `finish_orders` looks it up, and the next run notes it. While the processor takes no more calls,
 * none is made: the job `charge_again` makes it with the same key.
 */
export async function runReserved(ctx: DunningContext, reserved: ReservedDue, at: Date): Promise<DueOutcome> {
  if (await postponeCharge(ctx, reserved.attempt)) return { result: 'unreached' };
  const outcome = await callOffSession(ctx, reserved);
  if (outcome === null) {
    await postponeCharge(ctx, reserved.attempt);
    return { result: 'unreached' };
  }
  if (outcome.outcome === 'declined') {
    const { code, detail, kind } = outcome;
    const failure = { kind: failureKind(code, kind), code, at };
    const reason = { ...declinedReason(outcome), is_automatic: true };
    await closeUnpaidOrder(ctx, reserved.order.id, reserved.attempt, reason, (tx) =>
      noteFailure(ctx, tx, { ...reserved.place, charge_attempt_id: reserved.attempt.id }, failure),
    );
    const { processor, profile_id } = reserved.attempt;
    if (outcome.taken) await returnPayment(ctx, processor, outcome.taken, profile_id);
    return { result: 'declined', failure, kind, detail };
  }
  const charge = await settleOrder(ctx, reserved.order.id, reserved.attempt, outcome, { is_automatic: true });
  return { result: 'charged', charge };
}

/**
 * Leaves the call of a reserved charge to the job `charge_again` while the processor takes no more calls; false without
 * a pause. A payer who waits for the outcome is charged meanwhile.
 */
async function postponeCharge(ctx: DunningContext, attempt: Attempt): Promise<boolean> {
  if (ctx.actor.kind !== 'job') return false;
  const until = ctx.processors.getByName(attempt.processor).pausedUntil();
  if (until === null) return false;
  await inTransaction(ctx.db, (tx) => postponeAttempt(tx, attempt.id, until));
  return true;
}

/**
 * Charges the card on file while the payer is absent; null if the processor did not respond. A payment that the payer
 * would have to confirm is ended, so that it cannot be confirmed beside the payment that the notice asks for. If it
 * took money in the meantime, that is its outcome.
 *
 * A decline can be that of a step before the payment, such as the copy of the card for the account of the provider.
 * There is no payment to end then, and the decline is the outcome.
 */
async function callOffSession(
  ctx: DunningContext,
  { attempt, order }: ReservedDue,
): Promise<Exclude<ChargeOutcome, { outcome: 'action_required' }> | null> {
  try {
    const outcome = await callProcessor(ctx, attempt, order.id);
    const isConfirmable = outcome.outcome === 'declined' && outcome.kind === 'authenticate';
    if (outcome.outcome !== 'action_required' && !isConfirmable) return outcome;
    // The look-up ends a declined payment that can still be confirmed.
    const now = isConfirmable ? ((await findOutcome(ctx, attempt)) ?? outcome) : outcome;
    if (now.outcome !== 'action_required') return now;
    const ended = await abandonAttempt(ctx, { ...attempt, intent_key: now.intent_key });
    return ended.outcome === 'action_required' ? null : ended;
  } catch (error) {
    ctx.log.warn({ err: error, charge_attempt_id: attempt.id }, 'automatic charge without an outcome');
    return null;
  }
}

function describeDue({ invoicables }: Due): string {
  const texts = invoicables.flatMap((each) => each.lines.map((line) => describeLine(buildLineFacts(line, each))));
  return texts.length === 1 && texts[0] !== undefined ? texts[0] : `${collectLines(invoicables).length} items`;
}

/** Returns the idempotency key of an automatic charge: one per place and what it follows, an order or a charge. */
function chargeKey({ profile_id, provider_id, unit }: DuePlace, after: string): string {
  return createHash('sha256')
    .update(`renewal ${profile_id} ${provider_id} ${unit} ${after}`)
    .digest('hex')
    .slice(0, 40);
}

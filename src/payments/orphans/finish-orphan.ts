import { inTransaction } from '#platform/db/database';
import type { OrphanPaymentId } from '#platform/db/db-schema';
import { walkRows, type WalkPlace } from '#platform/jobs/walk-rows';
import { lockProfile } from '#profiles';
import {
  type DisputeEvidence,
  type PaymentContext,
  type Processor,
  type RefundReport,
  withProcessorTimeout,
} from '../processors/index.ts';
import { refreshCharge } from '../charges/index.ts';
import {
  deleteOrphan,
  findCharge,
  findDueOrphans,
  lockOrphan,
  type Orphan,
  orphanKey,
  updateOrphan,
} from '../records/index.ts';
import { adoptRefunds, finishOpenRefund } from '../refunds/index.ts';
import { bookOrphan, isOrphanBooked, type OrphanMoves } from './book-orphan.ts';
import { findClaim } from './claim.ts';
import { closeOrphanMessage, parkOrphan } from './orphan-message-store.ts';
import { beginReturn, describeOrphan } from './return-payment.ts';

const MINUTE_MS = 60_000;

/** Waits between the attempts to refund an orphan; the last one is repeated. */
const WAITS_MS = [5, 10, 30, 60, 180, 720].map((minutes) => minutes * MINUTE_MS);

/** Looks at every orphan that is due. One that fails is logged and tried again later; the others continue. */
export async function refundOrphans(ctx: PaymentContext, place?: WalkPlace<OrphanPaymentId>): Promise<void> {
  const at = ctx.clock.now();
  await walkRows(
    {
      findBatch: (after: OrphanPaymentId | null, limit) => findDueOrphans(ctx.db, at, { after, limit }),
      async work(orphan) {
        try {
          await finishOrphan(ctx, orphan);
        } catch (error) {
          await postpone(ctx, orphan, { reason: 'The payment processor could not be asked.', is_readable: false });
          throw error;
        }
      },
      onError: ({ charge_key }, error) => ctx.log.error({ err: error, charge_key }, 'orphan payment not refunded'),
    },
    place,
  );
}

/**
 * Refunds a payment that no order wants, whole, and books it when its payer has the money back. A refund that was made
 * at the processor counts, and one that failed later is booked back. A dispute is booked too: what the bank took is not
 * refunded beside it.
 *
 * The refund has one key, and is looked for before it is requested: a repeated call makes no second one.
 * @throws processor_unreachable (503)
 */
export async function finishOrphan(ctx: PaymentContext, orphan: Orphan): Promise<void> {
  const processor = ctx.processors.getByName(orphan.processor);
  const evidence = await withProcessorTimeout(ctx, processor.retrieve(refOf(orphan)));
  if (evidence?.state === 'failed') return dropOrphan(ctx, orphan);
  if (evidence === null)
    return postpone(ctx, orphan, { reason: 'The payment processor does not have it.', is_readable: false });
  // A delayed payment that is not decided, or one whose funds are not known so far.
  if (evidence.state !== 'done')
    return postpone(ctx, orphan, { reason: 'The payment is not decided.', is_readable: true });
  const decision = await decideReturn(ctx, orphan);
  if (decision === 'claimed') return leaveToOrder(ctx, orphan);
  if (decision === 'waits') return;
  const { funds, disputes = [] } = evidence;
  const refusal = await refundRest(ctx, processor, orphan, disputes);
  // The payer has the money also when the share stays: it is booked, and the share is asked for again.
  if (refusal === null)
    await returnShare(ctx, processor, orphan).catch((error: unknown) =>
      ctx.log.warn({ err: error, charge_key: orphan.charge_key }, 'share of the broker not returned'),
    );
  const moves = await readMoves(ctx, processor, orphan, funds);
  await settleOrphan(ctx, orphan, { ...moves, disputes }, refusal);
}

function refOf({ charge_key: processor_key, account }: Orphan) {
  return { processor_key, account };
}

/** Forgets a payment that failed: it took nothing in the end. */
async function dropOrphan(ctx: PaymentContext, orphan: Orphan): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const current = await lockOrphan(tx, orphan.id);
    // The payer paid again, by another charge of the same payment.
    if (current?.charge_key !== orphan.charge_key) return;
    await closeOrphanMessage(tx, orphan, ctx.clock.now());
    await deleteOrphan(tx, orphan.id);
  });
}

/**
 * Forgets a payment that an order has. A refund or a dispute that came before the order did not find its charge: they
 * are read again first.
 */
async function leaveToOrder(ctx: PaymentContext, orphan: Orphan): Promise<void> {
  const { id, charge_key } = orphan;
  const charge = await findCharge(ctx.db, charge_key);
  if (charge) {
    await refreshCharge(ctx, charge);
    await finishOpenRefund(ctx, charge);
    await adoptRefunds(ctx, charge);
  }
  await inTransaction(ctx.db, async (tx) => {
    await closeOrphanMessage(tx, orphan, ctx.clock.now());
    await deleteOrphan(tx, id);
  });
}

/**
 * Decides that a watched payment goes back, unless an order has it.
 * Locks: the payer's profile, then the orphan.
 */
async function decideReturn(
  ctx: PaymentContext,
  { id, profile_id, charge_key }: Orphan,
): Promise<'returns' | 'claimed' | 'waits'> {
  return inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    if (profile_id !== null) await lockProfile(tx, profile_id);
    const orphan = await lockOrphan(tx, id);
    // Another charge of the same payment took its place meanwhile.
    if (orphan?.charge_key !== charge_key) return 'waits';
    if (orphan.state !== 'watched') return 'returns';
    // It can be read, so that it is listed no more.
    await closeOrphanMessage(tx, orphan, at);
    if (orphan.due_at > at) return 'waits';
    const claim = await findClaim(tx, orphan, at);
    if (claim === 'claimed') return 'claimed';
    if (claim === 'open') {
      await updateOrphan(tx, id, { due_at: new Date(at.getTime() + 10 * MINUTE_MS) });
      return 'waits';
    }
    await beginReturn(tx, orphan, at);
    return 'returns';
  });
}

const isOpen = ({ is_lost, returned_fee_amount }: DisputeEvidence) => !is_lost && returned_fee_amount === null;
/** True if the bank gave the payer the money for good. */
const isLost = ({ is_lost, returned_fee_amount }: DisputeEvidence) => is_lost && returned_fee_amount === null;

/**
 * Refunds what was not refunded so far, and what no dispute took. Returns why the payer does not get it; null if the
 * refund is accepted.
 */
async function refundRest(
  ctx: PaymentContext,
  processor: Processor,
  orphan: Orphan,
  disputes: readonly DisputeEvidence[],
): Promise<string | null> {
  const { amount, unit } = orphan;
  const key = orphanKey(orphan);
  const reports = await withProcessorTimeout(ctx, processor.findRefunds(refOf(orphan)));
  const rest = amount - sumOf(reports.filter(({ state }) => state !== 'failed')) - sumOf(disputes.filter(isLost));
  if (rest <= 0) return null;
  // The processor refunds nothing of it until then.
  if (disputes.some(isOpen)) return 'Its payer disputes it: the bank decides who gets the money.';
  if (reports.some((report) => report.key === key))
    return 'The bank of the card returned the refund: refund it at the payment processor, or pay the customer another way.';
  const request = { ...refOf(orphan), key, amount: rest, unit };
  const outcome = await withProcessorTimeout(ctx, processor.refund(request));
  return outcome.outcome === 'refused' ? outcome.detail : null;
}

/** Returns what the broker got of a payment on the account of a provider. */
async function returnShare(ctx: PaymentContext, processor: Processor, orphan: Orphan): Promise<void> {
  const { broker_fee_amount, unit } = orphan;
  if (broker_fee_amount === 0) return;
  const returns = await withProcessorTimeout(ctx, processor.findFeeReturns(refOf(orphan)));
  const amount = broker_fee_amount - sumOf(returns);
  if (amount <= 0) return;
  await withProcessorTimeout(ctx, processor.returnFee({ ...refOf(orphan), key: orphanKey(orphan), amount, unit }));
}

async function readMoves(
  ctx: PaymentContext,
  processor: Processor,
  orphan: Orphan,
  funds: OrphanMoves['funds'],
): Promise<OrphanMoves> {
  const refunds = await withProcessorTimeout(ctx, processor.findRefunds(refOf(orphan)));
  if (orphan.broker_fee_amount === 0) return { funds, refunds, fee_returns: [] };
  const fee_returns: OrphanMoves['fee_returns'][number][] = [];
  for (const made of await withProcessorTimeout(ctx, processor.findFeeReturns(refOf(orphan)))) {
    const ref = { ...refOf(orphan), return_key: made.processor_key };
    const moved = funds.unit === orphan.unit ? null : await withProcessorTimeout(ctx, processor.findMovedShare(ref));
    if (funds.unit !== orphan.unit && moved === null) throw new Error('a returned share is not in the balances yet');
    fee_returns.push({ ...made, ...(moved && { moved }) });
  }
  return { funds, refunds, fee_returns };
}

/** True if the processor shows what a refund moved. One that failed before the balance paid it moved nothing. */
function isShown({ state, taken, returned }: RefundReport): boolean {
  if (state === 'pending') return true;
  return state === 'succeeded' ? taken !== null : (taken === null) === (returned === null);
}

/**
 * Books an orphan whose payer has the money back, or whose money the bank took, and closes the first one; otherwise
 * plans the next attempt. Once it is booked, each later movement is booked at once. A refund that failed since opens a
 * message again that a manager ignored.
 */
async function settleOrphan(
  ctx: PaymentContext,
  { id }: Orphan,
  moves: OrphanMoves,
  refusal: string | null,
): Promise<void> {
  const { refunds, disputes = [] } = moves;
  const failed_refunds_count = refunds.filter(({ state }) => state === 'failed').length;
  await inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const orphan = await lockOrphan(tx, id);
    if (!orphan || orphan.state === 'watched') return;
    const returned = sumOf(refunds.filter(({ state }) => state === 'succeeded')) + sumOf(disputes.filter(isLost));
    const hasMoney = returned >= orphan.amount;
    const isReturned = hasMoney && sumOf(moves.fee_returns) >= orphan.broker_fee_amount;
    const isBooked = await isOrphanBooked(tx, orphan);
    const isComplete = refunds.every(isShown);
    if (isComplete && (hasMoney || isBooked || disputes.length > 0)) await bookOrphan(tx, orphan, moves, at);
    if (isReturned && isComplete) {
      const refunded_at = orphan.refunded_at ?? at;
      await updateOrphan(tx, id, { state: 'refunded', refunded_at, failed_refunds_count });
      return closeOrphanMessage(tx, orphan, at);
    }
    const state = disputes.some(isOpen) ? 'disputed' : 'refunding';
    await updateOrphan(tx, id, { ...nextTry(orphan, at), state, refunded_at: null, failed_refunds_count });
    const pending = hasMoney ? 'It is refunded, but not the share of the broker.' : 'Its refund is on its way.';
    const reopens = failed_refunds_count > orphan.failed_refunds_count;
    await parkOrphan(tx, orphan, { reason: describeOrphan(orphan, refusal ?? pending), at, reopens });
  });
}

/**
 * Plans the next attempt. An orphan whose return is promised is listed with the reason, and so is one that cannot be
 * read: no one can say whether it goes back.
 */
async function postpone(
  ctx: PaymentContext,
  { id }: Orphan,
  { reason, is_readable }: { reason: string; is_readable: boolean },
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const orphan = await lockOrphan(tx, id);
    if (!orphan || orphan.state === 'refunded') return;
    await updateOrphan(tx, id, nextTry(orphan, at));
    if (orphan.state === 'watched' && is_readable) return closeOrphanMessage(tx, orphan, at);
    await parkOrphan(tx, orphan, { reason: describeOrphan(orphan, reason), at, reopens: false });
  });
}

function nextTry({ failures_count }: Orphan, at: Date) {
  const wait_ms = WAITS_MS[Math.min(failures_count, WAITS_MS.length - 1)] ?? MINUTE_MS;
  const count = Math.min(failures_count + 1, WAITS_MS.length);
  return { failures_count: count, due_at: new Date(at.getTime() + wait_ms) };
}

function sumOf(parts: readonly Pick<RefundReport, 'amount'>[]): number {
  return parts.reduce((sum, { amount }) => sum + amount, 0);
}

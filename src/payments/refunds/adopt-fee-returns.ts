import assert from 'node:assert/strict';
import { allocateMoney } from '#kernel/money';
import { accounts, findEventEntries, moveAmount, postEvent } from '#ledger';
import { inTransaction, type Tx } from '#platform/db/database';
import { findSite } from '#platform/site';
import { type FeeReturn, type MovedShare, type PaymentContext, withProcessorTimeout } from '../processors/index.ts';
import { type Charge, findRefundByKey, findRemainingLines, lockCharge } from '../records/index.ts';
import { bookMovedShare, bookShareExchange, readMovedShare } from './book-share-exchange.ts';

/**
 * Books what went back of the broker's share of a direct charge without Tollgate, each return once: from the funds of
 * the broker to those of the provider. A return of a refund of this site is booked with that refund.
 * @throws processor_unreachable (503)
 */
export async function adoptFeeReturns(ctx: PaymentContext, charge: Charge): Promise<void> {
  const { processor_key, account } = charge;
  if (account === '') return;
  const processor = ctx.processors.getByName(charge.processor);
  const returns = await withProcessorTimeout(ctx, processor.findFeeReturns({ processor_key, account }));
  for (const made of returns) {
    const refund = made.key === null ? undefined : await findRefundByKey(ctx.db, made.key);
    if (refund) await bookShareExchange(ctx, charge, refund, made);
    else await adoptFeeReturn(ctx, charge, made);
  }
}

async function adoptFeeReturn(ctx: PaymentContext, charge: Charge, made: FeeReturn): Promise<void> {
  const { processor_key: key, amount } = made;
  const isConverted = await isOfAnotherUnit(ctx, charge);
  const moved = isConverted ? await readMovedShare(ctx, charge, made) : null;
  if (isConverted && moved === null)
    throw new Error('the processor has not converted a returned share of the broker yet');
  await inTransaction(ctx.db, (tx) => bookFeeReturn(tx, charge, { key, amount, moved }, ctx.clock.now()));
}

/** True if the funds of a charge are in another unit. */
async function isOfAnotherUnit({ db }: PaymentContext, charge: Charge): Promise<boolean> {
  // Not paid in the books yet: `bookFeeReturn` refuses it.
  if (charge.state === 'created') return false;
  const lines = await findRemainingLines(db, charge, { returns_fee: true });
  return lines.some(({ funds_unit }) => funds_unit !== charge.unit);
}

async function bookFeeReturn(
  tx: Tx,
  { id, processor_key }: Charge,
  { key: fee_key, amount, moved }: { key: string; amount: number; moved: MovedShare | null },
  at: Date,
): Promise<void> {
  const charge = await lockCharge(tx, id);
  const key = `feerefund:${fee_key}`;
  // Not paid in the books yet: the message is handled again later.
  if (charge.state === 'created') throw new Error('a share of the broker was returned before the charge was booked');
  if (await findEventEntries(tx, key)) return;
  const site = await findSite(tx);
  const lines = await findRemainingLines(tx, charge, { returns_fee: true });
  assert(site && lines.length > 0, 'a charge has lines');
  // In another unit than that of the charge, the provider gets what its account received.
  const share = moved === null ? { amount, unit: charge.unit } : moved.received;
  if (lines.some(({ funds_unit }) => funds_unit !== share.unit))
    throw new Error('a share of the broker was returned in another unit than that of the funds');
  const parts = allocateMoney(
    share,
    lines.map(({ item }) => item.amount),
  );
  const entries = lines.flatMap(({ item }, index) => {
    const part = parts[index] ?? 0;
    if (part === 0) return [];
    return moveAmount({
      from: { profile_id: site.broker_id, account: accounts.funds },
      to: { profile_id: item.provider_id, account: accounts.funds },
      amount: part,
      unit: share.unit,
      subject: { kind: 'cha', id: String(charge.id), part: String(item.id) },
      description: `Charge ${processor_key} broker fee returned at the processor`,
    });
  });
  await postEvent(tx, { key, kind: 'fee_returned', receipt_key: processor_key, at, entries });
  if (moved !== null) await bookMovedShare(tx, charge, { key: fee_key, moved, share }, at);
}

import { accounts } from '#ledger';
import { inTransaction, type Tx } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { findSite } from '#platform/site';
import { type FeeReturn, type MovedShare, type PaymentContext, withProcessorTimeout } from '../processors/index.ts';
import {
  bookExchange,
  type Charge,
  findChargeItems,
  findRefundLines,
  lockCharge,
  type Refund,
} from '../records/index.ts';

/** Returns what a return of the broker's share moved in both balances; null if the processor does not show it yet. */
export async function readMovedShare(
  ctx: PaymentContext,
  { processor: name, processor_key, account }: Charge,
  { processor_key: return_key }: Pick<FeeReturn, 'processor_key'>,
): Promise<MovedShare | null> {
  const processor = ctx.processors.getByName(name);
  return withProcessorTimeout(ctx, processor.findMovedShare({ processor_key, account, return_key }));
}

/**
 * Books what the rate of another day makes of the return of the broker's share after a refund, once. The refund has
 * moved the share with the rate of the charge.
 * @throws processor_unreachable (503); when the processor does not show what it moved yet
 */
export async function bookShareExchange(
  ctx: PaymentContext,
  charge: Charge,
  refund: Refund,
  fee_return: Pick<FeeReturn, 'processor_key'>,
): Promise<void> {
  const lines = await findRefundLines(ctx.db, refund.id);
  const unit = lines[0]?.funds_unit;
  if (unit === undefined || unit === charge.unit) return;
  const moved = await readMovedShare(ctx, charge, fee_return);
  if (moved === null) throw new Error('the processor has not converted a returned share of the broker yet');
  const share = { amount: lines.reduce((sum, line) => sum + line.broker_fee_amount, 0), unit };
  await inTransaction(ctx.db, async (tx) => {
    const locked = await lockCharge(tx, charge.id);
    await bookMovedShare(tx, locked, { key: fee_return.processor_key, moved, share }, ctx.clock.now());
  });
}

/**
 * Books the difference between a returned share in the books and in both balances, once. The broker's own account may
 * settle in another unit than that of the funds: then its share stays in the unit of the funds, as it was booked.
 *
 * Locks: the caller has locked the charge.
 */
export async function bookMovedShare(
  tx: Tx,
  charge: Charge,
  { key, moved: { received, paid }, share }: { key: string; moved: MovedShare; share: MovedShare['paid'] },
  at: Date,
): Promise<void> {
  const site = await findSite(tx);
  if (!site) throw new Error('there is no site');
  const items = await findChargeItems(tx, charge.id);
  const providers = items.map(({ provider_id, amount }) => ({ profile_id: provider_id, amount }));
  const book = (side: string, booked: MovedShare['paid'], moved: MovedShare['paid'], bearers: typeof providers) =>
    bookExchange(
      tx,
      charge,
      {
        key: `feerefund:${key}:${side}`,
        object: key,
        account: accounts.refund,
        booked: [booked],
        moved: [moved],
        bearers,
      },
      at,
    );
  await book('received', share, received, providers);
  const broker: { profile_id: ProfileId; amount: number } = { profile_id: site.broker_id, amount: 1 };
  if (paid.unit === share.unit)
    await book('paid', { ...share, amount: -share.amount }, { ...paid, amount: -paid.amount }, [broker]);
}

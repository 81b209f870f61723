import { accounts, moveAmount, postEvent } from '#ledger';
import { inTransaction } from '#platform/db/database';
import { watchPayment } from '../orphans/index.ts';
import { refreshCharge } from '../charges/index.ts';
import { refreshPayout } from '../payouts/index.ts';
import type { Account, Movement, PaymentContext, Processor } from '../processors/index.ts';
import { findCharge, findPayoutAccountByKey } from '../records/index.ts';
import { adoptFeeReturns, adoptRefunds, finishOpenRefund } from '../refunds/index.ts';
import { ledgerKeysOf, type FundsParties } from './finding.ts';

/**
 * Books what a movement is about as a message of the processor would, or the fee that it is. A payment without a charge
 * in the books is left to the jobs that finish its order, or return it if no order wants it.
 */
export async function replay(
  ctx: PaymentContext,
  processor: Processor,
  { movement, account, parties }: { movement: Movement; account: Account; parties: FundsParties },
): Promise<void> {
  try {
    if (movement.kind === 'fee') return await bookFee(ctx, processor, { movement, account, parties });
    if (movement.kind === 'payout' || movement.kind === 'payout_returned') {
      const { object_key: processor_key } = movement;
      await refreshPayout(ctx, { processor: processor.name, account, processor_key });
      return;
    }
    const charge = movement.charge_key === null ? undefined : await findCharge(ctx.db, movement.charge_key);
    if (movement.kind === 'charge' && !charge)
      await watchPayment(ctx, processor.name, { processor_key: movement.object_key, account });
    if (charge?.processor !== processor.name) return;
    if (movement.kind === 'share_returned') return await adoptFeeReturns(ctx, charge);
    if (charge.account !== account) return;
    const refreshed = await refreshCharge(ctx, charge);
    await finishOpenRefund(ctx, refreshed);
    await adoptRefunds(ctx, refreshed);
  } catch (error) {
    ctx.log.error({ err: error, object: movement.object_key }, 'difference not fixed');
  }
}

/** Books a fee that belongs to no charge: the owner of the account pays it, at its instant. */
async function bookFee(
  ctx: PaymentContext,
  { name }: Processor,
  { movement, account, parties }: { movement: Movement; account: Account; parties: FundsParties },
): Promise<void> {
  const { net, unit, key: movement_key } = movement;
  const [key] = ledgerKeysOf(movement, name);
  const provider = account === '' ? undefined : await findPayoutAccountByKey(ctx.db, name, account);
  const owner_id = account === '' ? parties.broker_id : provider?.profile_id;
  if (net === 0 || key === undefined || owner_id === undefined) return;
  const owner = { profile_id: owner_id, account: accounts.funds };
  const processor = { profile_id: parties.processor_id, account: accounts.funds };
  await inTransaction(ctx.db, (tx) =>
    postEvent(tx, {
      key,
      kind: 'processor_fee',
      at: ctx.clock.now(),
      entries: [
        moveAmount({
          from: net < 0 ? owner : processor,
          to: net < 0 ? processor : owner,
          amount: Math.abs(net),
          unit,
          subject: null,
          description: `Fee of the payment processor ${movement_key}`,
        }),
      ],
    }),
  );
}

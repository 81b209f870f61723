import type { Money } from '#kernel/money';
import { accounts } from '#ledger';
import { inTransaction, type Tx } from '#platform/db/database';
import { type PaymentContext, type RefundReport, withProcessorTimeout } from '../processors/index.ts';
import {
  type Bearer,
  bookExchange,
  type Charge,
  findChargeItems,
  findRefundByKey,
  findRefundLines,
  findRemainingLines,
  isExchanged,
  lockCharge,
  type Refund,
} from '../records/index.ts';

/**
 * Books what the rates of other days make of the refunds of a charge, each once: a refund is booked with the rate of
 * its charge, and the processor takes the rate of the day. The reversal of a refund has a rate of its own.
 *
 * Safe in any order and any number of times: an amount at the processor never changes once it is there.
 * @throws when the processor has not booked a refund yet, after the others were booked: the message is handled again
 */
export async function bookExchanges(ctx: PaymentContext, charge: Charge, reports: readonly RefundReport[]) {
  let is_late = false;
  for (const report of reports) {
    // A processor with one rate reports no movements.
    if (report.taken === undefined || report.state === 'pending') continue;
    const isBooked = await inTransaction(ctx.db, (tx) => bookExchangesOf(tx, charge, report, ctx.clock.now()));
    is_late ||= !isBooked;
  }
  if (is_late) throw new Error('the processor has not converted a refund yet, or it is not booked');
}

/**
 * Books the differences of the refunds of a charge in another unit right after one of them was booked. An error is
 * logged: the message about the refund repeats it.
 */
export async function tryExchanges(ctx: PaymentContext, charge: Charge, refund: Refund): Promise<void> {
  try {
    const lines = await findRefundLines(ctx.db, refund.id);
    if (refund.amount === 0 || lines.every(({ funds_unit }) => funds_unit === charge.unit)) return;
    const { processor_key, account } = charge;
    const processor = ctx.processors.getByName(charge.processor);
    await bookExchanges(
      ctx,
      charge,
      await withProcessorTimeout(ctx, processor.findRefunds({ processor_key, account })),
    );
  } catch (error) {
    ctx.log.warn({ err: error, processor_key: charge.processor_key }, 'exchange difference not booked yet');
  }
}

/** Returns false if the difference is not known yet. Locks: the charge. */
async function bookExchangesOf(tx: Tx, { id }: Charge, report: RefundReport, at: Date): Promise<boolean> {
  const charge = await lockCharge(tx, id);
  const { key: own_key, processor_key, taken = null, returned = null, state } = report;
  const own = own_key === null ? undefined : await findRefundByKey(tx, own_key);
  const adopted_key = `${charge.processor}:refund:${processor_key}`;
  const refund = own?.charge_id === id ? own : await findRefundByKey(tx, adopted_key);
  const key = `refund:${charge.processor_key}:${refund?.key ?? adopted_key}`;
  const more = { object: processor_key, account: accounts.refund } as const;
  const isReversed = refund !== undefined && refund.reversed_at !== null;
  if (refund?.state !== 'settled' && !isReversed)
    return state === 'failed' && refund?.state !== 'reserved'
      ? bookFailed(tx, charge, { ...more, key, taken, returned }, at)
      : refund === undefined || !(await isConverted(tx, charge, refund, taken));

  if (!(await isConverted(tx, charge, refund, taken))) return true;
  const { share, bearers } = await readShare(tx, charge, refund);
  if (taken) {
    const [booked, moved] = [[negate(share)], [negate(taken)]];
    await bookExchange(tx, charge, { ...more, key, booked, moved, bearers }, at);
  }
  if (isReversed && returned)
    await bookExchange(tx, charge, { ...more, key: `${key}:failed`, booked: [share], moved: [returned], bearers }, at);
  return taken !== null && (!isReversed || returned !== null);
}

async function isConverted(tx: Tx, { unit }: Charge, { id }: Refund, taken: Money | null): Promise<boolean> {
  const lines = await findRefundLines(tx, id);
  return lines.some(({ funds_unit }) => isExchanged(unit, funds_unit, [taken]));
}

/** What is booked for a refund with the rate of its charge, and the providers of its lines. */
async function readShare(tx: Tx, charge: Charge, { id }: Refund): Promise<{ share: Money; bearers: Bearer[] }> {
  const lines = await findRefundLines(tx, id);
  const items = await findChargeItems(tx, charge.id);
  const amount = lines.reduce(
    (sum, line) => sum + line.distribute_amount + line.fee_amount + line.broker_fee_amount,
    0,
  );
  const bearers = items.flatMap(({ id: item_id, provider_id }) =>
    lines.flatMap((line) => (line.charge_item_id === item_id ? { profile_id: provider_id, amount: line.amount } : [])),
  );
  return { share: { amount, unit: lines[0]?.funds_unit ?? charge.unit }, bearers };
}

/** Books what is left of a refund that failed before it was booked: it was taken and returned at two rates. */
async function bookFailed(
  tx: Tx,
  charge: Charge,
  facts: { key: string; object: string; account: typeof accounts.refund; taken: Money | null; returned: Money | null },
  at: Date,
): Promise<boolean> {
  const { taken, returned, key, ...more } = facts;
  if (taken === null && returned === null) return true;
  // The unit of the funds is not known before the charge is booked.
  if (charge.state === 'created') return false;
  const lines = await findRemainingLines(tx, charge, { returns_fee: true });
  if (!lines.some(({ funds_unit }) => isExchanged(charge.unit, funds_unit, [taken, returned]))) return true;
  if (taken === null || returned === null) return false;
  const bearers = lines.map(({ item }) => ({ profile_id: item.provider_id, amount: item.amount }));
  const moved = [negate(taken), returned];
  await bookExchange(tx, charge, { ...more, key: `${key}:failed`, booked: [], moved, bearers }, at);
  return true;
}

function negate({ amount, unit }: Money): Money {
  return { amount: -amount, unit };
}

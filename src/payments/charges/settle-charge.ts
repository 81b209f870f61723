import assert from 'node:assert/strict';
import { postEvent } from '#ledger';
import { getProcessor } from '#profiles';
import type { ChargeId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { findSite } from '#platform/site';
import { bookDispute, revertDispute } from '../disputes/index.ts';
import {
  type Charge,
  emitChargeUpdated,
  findChargeById,
  findChargeItems,
  findOpenRefund,
  updateChargeItemLinks,
  updateChargeState,
  decideSettlements,
  type Settlement,
} from '../records/index.ts';
import type { ChargeNews } from '../events.ts';
import { buildPayment, findPostedLines, linksOf } from './charge-payment.ts';
import { type Evidence, type Funds } from '../processors/index.ts';
import { paymentsProblems } from '../problems.ts';

/**
 * Applies evidence to a charge, from a response, a poll or a webhook.
 *
 * Paid: books the payment at the instant of the charge. Failed: books nothing, so the order stays due.
 * Evidence that skips states books each of them, with one charge_updated for each.
 * Disputed: books the chargeback; a win reverses it, a loss books nothing more. The chargeback covers the amount that
 * was not refunded, so a dispute waits until an open refund is decided.
 * Locks: the charge, by an UPDATE that names the state it leaves; the second of two concurrent calls changes nothing.
 * @throws refund_in_flight (405): the dispute is booked by a later poll or webhook
 */
export async function settleCharge(
  tx: Tx,
  charge_id: ChargeId,
  evidence: Evidence,
  at: Date,
  by: UserId | null = null,
): Promise<Charge> {
  const charge = await findChargeById(tx, charge_id);
  assert(charge, `no charge ${charge_id}`);
  let settled = charge;
  for (const settlement of decideSettlements(charge.state, evidence)) {
    const moved = await updateChargeState(tx, charge_id, { ...settlement, at });
    if (!moved) return (await findChargeById(tx, charge_id)) ?? charge;

    const is_dispute = settlement.to === 'disputed';
    if (is_dispute && (await findOpenRefund(tx, charge_id))) throw paymentsProblems.refund_in_flight();
    await bookSettlement(tx, moved, settlement, at);
    await emitChargeUpdated(tx, moved, newsOf(settlement), { at, by });
    settled = moved;
  }
  return settled;
}

async function bookSettlement(tx: Tx, charge: Charge, settlement: Settlement, at: Date): Promise<void> {
  if ('funds' in settlement) return bookPayment(tx, charge, settlement.funds);
  if (settlement.to === 'disputed') {
    return bookDispute(tx, charge, settlement, at);
  }
  if (settlement.from === 'disputed' && settlement.to === 'done') return revertDispute(tx, charge, at);
}

function newsOf({ from, to }: { from: Charge['state']; to: 'done' | 'failed' | 'disputed' }): ChargeNews {
  if (from !== 'disputed') return to;
  return to === 'done' ? 'won' : 'lost';
}

async function bookPayment(tx: Tx, charge: Charge, funds: Funds): Promise<void> {
  const site = await findSite(tx);
  assert(site, 'there is no site');
  const items = await findChargeItems(tx, charge.id);
  const processor = await getProcessor(tx);
  const payment = buildPayment(
    charge,
    funds,
    { broker_id: site.broker_id, processor_id: processor.id },
    await findPostedLines(tx, charge.unit, items),
  );
  const links = linksOf(payment, await postEvent(tx, payment.event));
  await updateChargeItemLinks(
    tx,
    charge.id,
    items.map(({ rank }, index) => {
      const link = links[index];
      assert(link, 'every line has entries');
      return { rank, ...link };
    }),
  );
}

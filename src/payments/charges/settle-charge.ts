import assert from 'node:assert/strict';
import { accounts, type Entry, findEntries, findHoldings, fromSubjectColumns, isSameSubject, postEvent } from '#ledger';
import { getProcessor } from '#profiles';
import type { ChargeId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { findSite } from '#platform/site';
import { bookDispute, revertDispute } from '../disputes/index.ts';
import {
  type Charge,
  type ChargeItem,
  chargeSubject,
  emitChargeUpdated,
  findChargeById,
  findChargeItems,
  findOpenRefund,
  updateChargeItemLinks,
  updateChargeState,
  decideSettlement,
  type Settlement,
} from '../records/index.ts';
import { distributeCharge } from './distribution.ts';
import type { ChargeNews } from '../events.ts';
import { type PaidLine, paymentEntries } from './payment-entries.ts';
import { type Evidence, type Funds } from '../processors/index.ts';
import { paymentsProblems } from '../problems.ts';

/**
 * Applies evidence to a charge, from a response, a poll or a webhook.
 *
 * Paid: books the payment at the instant of the charge. Failed: books nothing, so the order stays due.
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
  const settlement = decideSettlement(charge.state, evidence);
  if (settlement === null) return charge;

  const moved = await updateChargeState(tx, charge_id, { ...settlement, at });
  if (!moved) return (await findChargeById(tx, charge_id)) ?? charge;

  if (settlement.to === 'disputed' && (await findOpenRefund(tx, charge_id))) throw paymentsProblems.refund_in_flight();
  await bookSettlement(tx, moved, settlement, at);
  await emitChargeUpdated(tx, moved, newsOf(settlement), { at, by });
  return moved;
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

  const { entries, links } = paymentEntries(
    { ...charge, subject: chargeSubject(charge.id), funds_unit: funds.unit },
    { customer_id: charge.profile_id, processor_id: processor.id, broker_id: site.broker_id },
    await paidLines(tx, charge, items, funds),
  );
  const posted = await postEvent(tx, {
    key: `charge:${charge.processor_key}`,
    kind: 'charge',
    receipt_key: charge.processor_key,
    at: charge.created_at,
    entries,
  });

  const idAt = (rank: number | null): Entry['id'] | null => (rank === null ? null : (posted[rank]?.id ?? null));
  for (const [index, item] of items.entries()) {
    const link = links[index];
    assert(link);
    await updateChargeItemLinks(tx, item.id, {
      fee_entry_id: idAt(link.fee),
      broker_fee_entry_id: idAt(link.broker_fee),
      distribute_entry_id: idAt(link.distribute),
    });
  }
}

async function paidLines(tx: Tx, charge: Charge, items: readonly ChargeItem[], funds: Funds): Promise<PaidLine[]> {
  assert.equal(
    items.reduce((sum, { amount }) => sum + amount, 0),
    charge.amount,
    'the lines of a charge make its amount',
  );
  const invoiced = await findEntries(
    tx,
    items.map((item) => item.invoiced_entry_id),
  );
  const orders = items.map((item) => {
    const entry = invoiced.get(item.invoiced_entry_id);
    const subject = entry && fromSubjectColumns(entry);
    assert(entry && subject, 'the ledger has an entry for each line of a charge');
    assert.equal(entry.dest_unit, charge.unit, 'a charge is in the unit of its orders');
    const label = item.event_label === '' ? entry.description : item.event_label;
    return { item, payer_id: entry.dest_profile_id, subject, label };
  });
  const payables = await findHoldings(
    tx,
    orders.map(({ subject }) => subject),
    accounts.payable,
  );
  const distributions = distributeCharge(items, funds);

  return orders.map(({ item, payer_id, subject, label }, index) => {
    const distribution = distributions[index];
    assert(distribution);
    const payable = payables.find(
      (each) => isSameSubject(each.subject, subject) && each.profile_id === payer_id && each.unit === charge.unit,
    );
    return {
      provider_id: item.provider_id,
      payer_id,
      subject,
      label,
      amount: item.amount,
      payable: payable?.amount ?? 0,
      distribution,
    };
  });
}

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
  linkChargeItem,
  moveCharge,
  decideSettlement,
  type Settlement,
} from '../records/index.ts';
import { distribute } from './distribution.ts';
import type { ChargeNews } from '../events.ts';
import { type PaidLine, paymentEntries } from './payment-entries.ts';
import { type Evidence, type Funds } from '../processors/index.ts';
import { paymentsProblems } from '../problems.ts';

/**
 * Makes of a charge what the processor says of it: the one place where answer, poll and webhook meet.
 *
 * Paid: the payment is booked at the charge's own instant. Failed: nothing is booked, so what was ordered stays due.
 * Disputed: what was paid is taken back until the dispute is won, for good when it is lost. Not while a refund is under way: what
 * the bank takes back is what the refund leaves.
 * Locks: the charge's row, by an UPDATE that names the state it leaves; who comes second changes nothing.
 * @throws refund_in_flight (405): whoever tells of the dispute has to tell again
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

  const moved = await moveCharge(tx, charge_id, { ...settlement, at });
  if (!moved) return (await findChargeById(tx, charge_id)) ?? charge;

  if (settlement.to === 'disputed' && (await findOpenRefund(tx, charge_id))) throw paymentsProblems.refund_in_flight();
  await book(tx, moved, settlement, at);
  await emitChargeUpdated(tx, moved, newsOf(settlement), { at, by });
  return moved;
}

async function book(tx: Tx, charge: Charge, settlement: Settlement, at: Date): Promise<void> {
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
    await linkChargeItem(tx, item.id, {
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
    assert(entry && subject, 'what a charge pays for stands in the ledger');
    assert.equal(entry.dest_unit, charge.unit, 'a charge is in the unit of its orders');
    const label = item.event_label === '' ? entry.description : item.event_label;
    return { item, payer_id: entry.dest_profile_id, subject, label };
  });
  const payables = await findHoldings(
    tx,
    orders.map(({ subject }) => subject),
    accounts.payable,
  );
  const distributions = distribute(items, funds);

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

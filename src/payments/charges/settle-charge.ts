import assert from 'node:assert/strict';
import { postEvent } from '#ledger';
import { getProcessor } from '#profiles';
import type { ChargeId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { findSite } from '#platform/site';
import { bookDispute, emitInquiries, findBookedDisputes, revertDispute } from '../disputes/index.ts';
import {
  type Charge,
  emitChargeUpdated,
  findChargeItems,
  updateChargeItemLinks,
  updateChargeState,
  decideSteps,
  lockCharge,
  saveDisputes,
  type Step,
  takeUnwantedCard,
} from '../records/index.ts';
import { forgetUnwantedCard } from '../cards/index.ts';
import type { ChargeNews } from '../events.ts';
import { buildPayment, findPostedLines, linksOf } from './charge-payment.ts';
import { type Evidence, type Funds } from '../processors/index.ts';

/**
 * Applies evidence to a charge, from a response, a poll or a webhook.
 *
 * Paid: books the payment at the instant of the charge. Failed: books nothing, so the order stays due.
 * Evidence that skips states books each of them, with one charge_updated for each.
 * Disputed: books the chargeback; a win reverses it, a loss books nothing more. The chargeback covers at most the
 * amount that was not refunded. An open refund does not delay it: both are booked as the processor made them.
 * What the processor says of disputes and inquiries is stored for pages. An inquiry is emitted when it is first seen.
 * Locks: the charge; the second of two concurrent calls finds what the first one booked.
 */
export async function settleCharge(
  tx: Tx,
  charge_id: ChargeId,
  evidence: Evidence,
  at: Date,
  by: UserId | null = null,
): Promise<Charge> {
  let settled = await lockCharge(tx, charge_id);
  const wasOpen = settled.state === 'created';
  const booked = await findBookedDisputes(tx, evidence.state === 'done' ? (evidence.disputes ?? []) : []);
  for (const step of decideSteps(settled, booked, evidence)) {
    const before = settled;
    if (step.to !== before.state) {
      const moved = await updateChargeState(tx, charge_id, { from: before.state, to: step.to, at });
      assert(moved, 'the charge is locked');
      settled = moved;
    }
    await bookStep(tx, settled, step, at);
    if (step.to !== before.state) await emitChargeUpdated(tx, settled, news[step.kind], { at, by });
  }
  if (wasOpen && settled.state !== 'created') await forgetCardOf(tx, settled);
  if (evidence.state === 'done')
    await emitInquiries(tx, settled, await saveDisputes(tx, settled, evidence.reports ?? [], at), at);
  return settled;
}

/** Begins the job that removes the card of a charge that was decided now, if its payer does not want it on file. */
async function forgetCardOf(tx: Tx, { charge_attempt_id }: Charge): Promise<void> {
  const card = charge_attempt_id === null ? null : await takeUnwantedCard(tx, charge_attempt_id);
  if (card) await forgetUnwantedCard(tx, card.profile_id, card);
}

const news: Readonly<Record<Step['kind'], ChargeNews>> = {
  pay: 'done',
  fail: 'failed',
  withdraw: 'disputed',
  return: 'won',
  lose: 'lost',
};

async function bookStep(tx: Tx, charge: Charge, step: Step, at: Date): Promise<void> {
  if (step.kind === 'pay') await bookPayment(tx, charge, step.funds);
  if (step.kind === 'withdraw') await bookDispute(tx, charge, step.dispute, at);
  if (step.kind === 'return') await revertDispute(tx, charge, step.dispute, at);
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

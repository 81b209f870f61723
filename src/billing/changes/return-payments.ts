import assert from 'node:assert/strict';
import { findPlansByIds, type Plan } from '#catalog';
import {
  accounts,
  type Entry,
  type InvoicedOrder,
  issueInvoices,
  type LedgerSubject,
  moveAmount,
  postEvent,
} from '#ledger';
import { inTransaction, type Tx } from '#platform/db/database';
import { walkRows } from '#platform/jobs/walk-rows';
import {
  type AcceptedOutcome,
  type Attempt,
  endGivenUp,
  findAttempt,
  isAccepted,
  type PaymentContext,
  recordCharge,
  reserveRefundsOfEntries,
  sendRefund,
} from '#payments';
import { lockProfile } from '#profiles';
import { subscriptionSubject } from '#subscriptions';
import { type ChangeRow, closeChange, findAttemptOfOrder, findGivenUpChanges, lockChange } from './change-store.ts';

/** How long after a change was given up its payment is looked for. */
const RECHECK_FOR_MS = 30 * 86_400_000;

/**
 * Returns payments that arrived after their change was given up. Such a change is never executed: the subscriber was
 * charged for nothing. The payment and its refund are in the ledger, on the subscription that stays. Safe to run twice:
 * the change leaves the list in the transaction that records its payment.
 */
export async function returnPayments(ctx: PaymentContext): Promise<void> {
  const since = new Date(ctx.clock.now().getTime() - RECHECK_FOR_MS);
  await walkRows({
    findBatch: (after: ChangeRow['id'] | null, limit) =>
      findGivenUpChanges(ctx.db, since, { after: after ?? (0 as ChangeRow['id']), limit }),
    work: (change) => returnPayment(ctx, change),
    onError: ({ id }, error) => ctx.log.error({ err: error, change_id: id }, 'payment of a change not returned'),
  });
}

async function returnPayment(ctx: PaymentContext, change: ChangeRow): Promise<void> {
  const attempt_id = change.order_id === null ? null : await findAttemptOfOrder(ctx.db, change.order_id);
  const attempt = attempt_id === null ? undefined : await findAttempt(ctx.db, attempt_id);
  if (!attempt) return;
  const outcome = await endGivenUp(ctx, attempt);
  if (!isAccepted(outcome) || outcome.evidence.state !== 'done') return;
  const reserved = await inTransaction(ctx.db, (tx) => recordPayment(ctx, tx, change, { attempt, outcome }));
  if (reserved.length > 0) ctx.log.warn({ change_id: change.id }, 'payment of a change that was given up is returned');
  // A refund without a response is finished by `finish_pending_refunds`.
  for (const { charge, refund } of reserved) await sendRefund(ctx, charge, refund, { is_retry: false });
}

/**
 * Records the payment of a change that was given up as the charge of an order that gives nothing, with its invoice, and
 * reserves the refund of all of it. Returns nothing if that was done before.
 *
 * The order is a part of the subscription's subject, with sums of its own. On the subscription itself the payment would
 * return income that an unpaid period earned, and pay windows that end before the refund is booked.
 *
 * Locks: the payer's profile, the change, then as `reserveRefundsOfEntries`.
 * @throws refund_exceeds_funds (405) if the provider has too little; the job tries again each hour
 */
async function recordPayment(
  ctx: PaymentContext,
  tx: Tx,
  { id, key }: ChangeRow,
  { attempt, outcome }: { attempt: Attempt; outcome: AcceptedOutcome },
) {
  await lockProfile(tx, attempt.profile_id);
  const change = await lockChange(tx, id, ['given_up']);
  if (!change) return [];
  const at = ctx.clock.now();
  const plan = (await findPlansByIds(tx, [change.plan_id])).get(change.plan_id);
  assert(plan, 'a change has a plan');
  const { profile_id, amount, unit } = attempt;
  const ordered = moveAmount({
    from: { profile_id: plan.profile_id, account: accounts.receivable },
    to: { profile_id, account: accounts.payable },
    amount,
    unit,
    subject: returnedSubject(change),
    description: `Change to ${plan.title} that was not made`,
  });
  const [order] = await postEvent(tx, { key: `change-return:${key}`, kind: 'order', at, entries: [ordered] });
  assert(order, 'an event has its entries');
  const item = { provider_id: plan.profile_id, amount, broker_fee_percent: plan.broker_fee_percent };
  await recordCharge(tx, attempt, outcome, [{ ...item, entry_id: order.id }], at);
  const returned = { processors: ctx.processors, created_by: null, returns_backlog: true, at };
  const reserved = await reserveRefundsOfEntries(tx, [order.id], returned);
  await closeChange(tx, change.id, { state: 'refused', closed_at: at });
  await issueInvoices(tx, [invoiceOf(attempt, plan, order)]);
  return reserved;
}

/** Subject of a payment that is returned. `:` is in no slug, so that no use charge has it. */
function returnedSubject({ id, subscription_id }: Pick<ChangeRow, 'id' | 'subscription_id'>): LedgerSubject {
  return { ...subscriptionSubject(subscription_id), part: `change:${id}` };
}

function invoiceOf({ profile_id }: Attempt, { profile_id: provider_id }: Plan, order: Entry): InvoicedOrder {
  const { id, ledger_event_id, dest_amount, dest_unit, description, created_at } = order;
  const line = { provider_id, kind: 'period' as const, ledger_entry_id: id, description };
  const amounts = { full_amount: dest_amount, amount: dest_amount, covers_from: null, covers_to: null };
  return {
    payer_id: profile_id,
    ledger_event_id,
    unit: dest_unit,
    at: created_at,
    lines: [{ ...line, ...amounts }],
  };
}

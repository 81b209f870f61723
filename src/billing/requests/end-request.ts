import {
  findStatementBalance,
  fromSubjectColumns,
  isSameSubject,
  issueCreditNotes,
  postEvent,
  type SubjectBalance,
  sumByUnit,
} from '#ledger';
import { Problem } from '#kernel/problem';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import { inTransaction, type Reader, type Tx } from '#platform/db/database';
import { paths } from '#platform/http/paths';
import { runTogether } from '#platform/db/together';
import {
  findCoveringCharges,
  findRefundedFunds,
  findRefundsOfEntries,
  lockChargesOf,
  paymentsProblems,
  type Processors,
  reserveRefundsOfEntries,
  sendRefund,
} from '#payments';
import { lockProfile, type Profile } from '#profiles';
import {
  endRequested,
  lockRequested,
  type RequestEnding,
  type Subscription,
  subscriptionProblems,
} from '#subscriptions';
import { billingProblems } from '../problems.ts';
import { ordersInFlight } from '../records/index.ts';
import { debtEntries, divideLines, refundedEntries, type RequestLine, type RequestSettlement } from './request.ts';
import { closeUnservedCoverages, deleteFreeEntry, findRequestLines, findRequestPayers } from './request-store.ts';

/** Implements how requests end that the provider has not accepted. */
export function makeRequestEnding(processors: Processors): RequestEnding {
  return {
    endRequest: (ctx, requested) => endRequest(ctx, processors, requested),
    previewEnding: (ctx, requested) => previewEnding(ctx, requested),
    problems: [
      subscriptionProblems.request_decided,
      billingProblems.charge_pending,
      billingProblems.request_settled_elsewhere,
      paymentsProblems.charge_not_refundable,
      paymentsProblems.refund_exceeds_funds,
      paymentsProblems.refund_in_flight,
    ],
  };
}

/**
 * Ends a requested subscription that gave no access: takes back what is due on its orders, and refunds what charges
 * paid for them, in full. Returns a sentence for the caller.
 *
 * The refunds are reserved in the transaction that ends the request, so that a crash after it leaves them to the job
 * `finish_pending_refunds`. Nothing is ended if the provider has no funds for them.
 *
 * Locks: the payers by id, the slot and the subscription, then the charges and their providers. An acceptance at the
 * same time commits either before or after.
 * @throws request_decided, charge_pending, request_settled_elsewhere (409); charge_not_refundable,
 *   refund_exceeds_funds, refund_in_flight (405)
 * @see docs/decisions/0080-declined-requests.md
 */
async function endRequest(ctx: Context, processors: Processors, requested: Subscription): Promise<string> {
  const at = ctx.clock.now();
  const reserved = await inTransaction(ctx.db, async (tx) => {
    for (const payer_id of await findRequestPayers(tx, requested.id))
      await requireSettled(tx, await lockProfile(tx, payer_id));
    await lockRequested(tx, requested, at);
    const lines = await findRequestLines(tx, requested.id);
    await lockChargesOf(
      tx,
      lines.map(({ ledger_entry_id }) => ledger_entry_id),
    );
    const { is_pending, ...settlement } = await divide(tx, lines, at);
    if (is_pending) throw billingProblems.charge_pending();
    if (settlement.is_settled_elsewhere) throw billingProblems.request_settled_elsewhere();
    await endRequested(tx, requested, { at, originated_by: actorId(ctx) });
    await closeUnservedCoverages(
      tx,
      lines.map(({ id }) => id),
    );
    await deleteFreeEntry(tx, { ...requested, subscription_id: requested.id });
    const refunds = await reserveRefundsOfEntries(
      tx,
      settlement.charged.map(({ ledger_entry_id }) => ledger_entry_id),
      { processors, created_by: actorId(ctx), returns_backlog: true, at },
    );
    await closeBooks(tx, requested, settlement, at);
    return refunds;
  });
  const sentences = ['The request has ended.'];
  for (const { charge, refund } of reserved)
    sentences.push(
      await sendRefund({ ...ctx, processors }, charge, refund, { is_retry: false }).catch(describeFailure),
    );
  return sentences.join(' ');
}

/** The request has ended in any case: a job finishes a refund without a response; one that is refused stays visible. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Problem)) throw error;
  return error.code === paymentsProblems.refund_refused.code
    ? `The refund was refused: ${error.message}`
    : 'The refund is being sent.';
}

/** @throws charge_pending (409) if a payment of the payer is open */
async function requireSettled(tx: Tx, payer: Profile): Promise<void> {
  const { in_flight } = await runTogether(tx, { in_flight: ordersInFlight(payer.id, []) });
  if (in_flight) throw billingProblems.charge_pending({ location: paths.history(payer.slug) });
}

/** Divides lines by what paid them. `is_pending`: a charge of them is not decided. */
async function divide(
  reader: Reader,
  lines: readonly RequestLine[],
  at: Date,
): Promise<RequestSettlement & { is_pending: boolean }> {
  const covering = await findCoveringCharges(
    reader,
    lines.map(({ ledger_entry_id }) => ledger_entry_id),
  );
  const due: SubjectBalance[] = [];
  for (const payer_id of new Set(lines.map((line) => line.payer_id)))
    due.push(...(await findStatementBalance(reader, payer_id, at)).subjects);
  const own = due.filter(({ subject }, index) => {
    const isFirst = due.findIndex((each) => isSameSubject(each.subject, subject)) === index;
    return isFirst && lines.some((line) => isOn(line, subject));
  });
  const is_pending = [...covering.values()].some(({ state }) => state === 'created');
  return { ...divideLines(lines, new Set(covering.keys()), own), is_pending };
}

function isOn(line: RequestLine, subject: Parameters<typeof isSameSubject>[0]): boolean {
  const own = fromSubjectColumns(line);
  return own !== null && isSameSubject(own, subject);
}

/** Posts what takes unpaid orders back, with their credit notes, and what earlier refunds left in Backlog. */
async function closeBooks(
  tx: Tx,
  { id }: Subscription,
  { debts, charged }: RequestSettlement,
  at: Date,
): Promise<void> {
  const refunded = await findRefundedFunds(
    tx,
    charged.map(({ ledger_entry_id }) => ledger_entry_id),
  );
  const entries = [...debtEntries(debts), ...refundedEntries(charged, refunded)];
  if (entries.length === 0) return;
  const posted = await postEvent(tx, { key: `decline:${id}`, kind: 'decline', at, entries });
  const amounts = debts.flatMap(({ line, amount }, index) => {
    const entry = posted[index];
    if (!entry) return [];
    const { id: ledger_entry_id, ledger_event_id, description } = entry;
    const invoiced_entry_id = line.ledger_entry_id;
    return {
      invoiced_entry_id,
      ledger_entry_id,
      ledger_event_id,
      kind: 'unpaid_end' as const,
      description,
      due_reduced: amount,
    };
  });
  const [first] = amounts;
  if (first) await issueCreditNotes(tx, { ledger_event_id: first.ledger_event_id, at }, amounts);
}

const isPositive = ({ amount }: { amount: number }) => amount > 0;

async function previewEnding({ db, clock }: Context, requested: Subscription) {
  const lines = await findRequestLines(db, requested.id);
  const ids = lines.map(({ ledger_entry_id }) => ledger_entry_id);
  const { debts, charged } = await divide(db, lines, clock.now());
  const refunded = await findRefundsOfEntries(db, ids);
  return {
    refunded: sumByUnit(
      charged.map(({ ledger_entry_id, amount, unit }) => ({
        amount: amount - (refunded.get(ledger_entry_id) ?? 0),
        unit,
      })),
    ).filter(isPositive),
    due: sumByUnit(debts.map(({ line, amount }) => ({ amount, unit: line.unit }))).filter(isPositive),
  };
}

import { findPlansByIds, type Plan, planSummary } from '#catalog';
import { formatMoney, type Money } from '#kernel/money';
import { Problem } from '#kernel/problem';
import {
  findStatementBalance,
  findSubjectIncomes,
  fromSubjectColumns,
  isSameSubject,
  type LedgerSubject,
  type SubjectBalance,
  sumByUnit,
} from '#ledger';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import { inTransaction, type Reader, type Tx } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { emit } from '#platform/jobs/events';
import { runTogether } from '#platform/db/together';
import {
  findCoveringCharges,
  findRefundsOfEntries,
  lockChargesOf,
  paymentsProblems,
  type Processors,
  type ReservedRefund,
  reserveRefundsOfEntries,
  sendRefund,
} from '#payments';
import { lockProfile, type Profile } from '#profiles';
import {
  endRequested,
  lockEndedRequest,
  lockRequested,
  lockSubscriptionSlots,
  type RequestEnding,
  type Subscription,
  subscriptionProblems,
} from '#subscriptions';
import { findUsedCredit } from '../credits/index.ts';
import { billingProblems } from '../problems.ts';
import { hasReturned, insertReturned, ordersInFlight } from '../records/index.ts';
import { closeBooks } from './close-books.ts';
import { requestExpired } from './events.ts';
import { type Debt, divideLines, type RequestLine, type RequestSettlement } from './request.ts';
import { deleteFreeEntry, findRequestLines, findRequestPayers } from './request-store.ts';

/** Implements how requests end that the provider has not accepted. */
export function makeRequestEnding(processors: Processors): RequestEnding {
  return {
    endRequest: (ctx, requested) => endRequest(ctx, processors, requested),
    previewEnding: (ctx, requested) => previewEnding(ctx, requested),
    problems: [
      subscriptionProblems.request_decided,
      billingProblems.charge_pending,
      paymentsProblems.charge_not_refundable,
      paymentsProblems.refund_exceeds_funds,
      paymentsProblems.refund_in_flight,
    ],
  };
}

/**
 * Ends a requested subscription that gave no access: takes back what is due on its orders, refunds what charges paid
 * for them and returns what credit paid, in full. What was paid outside of the site becomes credit, too. Returns a
 * sentence for the caller.
 *
 * The refunds are reserved in the transaction that ends the request, so that a crash after it leaves them to the job
 * `finish_pending_refunds`. Nothing is ended if the provider has no funds for them.
 *
 * Locks: the payers by id, the slot and the subscription, then the charges and their providers. An acceptance at the
 * same time commits either before or after.
 * @throws request_decided, charge_pending (409); charge_not_refundable,
 *   refund_exceeds_funds, refund_in_flight (405)
 * @see docs/decisions/0080-declined-requests.md
 */
async function endRequest(ctx: Context, processors: Processors, requested: Subscription): Promise<string> {
  const at = ctx.clock.now();
  const { reserved, settlement } = await inTransaction(ctx.db, async (tx) => {
    await requireSettledPayers(tx, requested);
    await lockRequested(tx, requested, at);
    const by = { processors, created_by: actorId(ctx), at };
    return takeBack(tx, requested, by, async () => {
      await endRequested(tx, requested, { at, originated_by: actorId(ctx) });
    });
  });
  const sentences = ['The request has ended.', ...describeCredit(settlement, ctx.lang)];
  return [...sentences, ...(await sendRefunds(ctx, processors, reserved))].join(' ');
}

/** What is taken back of the orders of a request. */
interface TakenBack {
  reserved: readonly ReservedRefund[];
  settlement: RequestSettlement;
}

/**
 * Gives back the money of a request that ended without a decision: at its end, or because one of its profiles was
 * archived. Emits `subscription_request_expired`. Once for each request; false if it was given back before.
 * @throws charge_pending (409); charge_not_refundable, refund_exceeds_funds,
 *   refund_in_flight (405)
 */
export async function returnRequest(ctx: Context, processors: Processors, ended: Subscription): Promise<boolean> {
  const at = ctx.clock.now();
  const taken = await inTransaction(ctx.db, async (tx) => {
    await requireSettledPayers(tx, ended);
    await lockSubscriptionSlots(tx, [ended]);
    if (!(await lockEndedRequest(tx, ended.id, at))) return null;
    if (await hasReturned(tx, ended.id)) return null;
    const plan = (await findPlansByIds(tx, [ended.plan_id])).get(ended.plan_id);
    return takeBack(tx, ended, { processors, created_by: null, at }, async (taken_back) => {
      if (plan) await emit(tx, requestExpired(expiryFacts(ended, plan, taken_back)), at);
    });
  });
  if (taken === null) return false;
  await sendRefunds(ctx, processors, taken.reserved);
  return true;
}

function expiryFacts(
  { id, profile_id, plan_id }: Subscription,
  plan: Plan,
  { reserved, settlement }: TakenBack,
): Parameters<typeof requestExpired>[0] {
  const sides = { subscription_id: id, profile_id, plan_id, provider_id: plan.profile_id, originated_by: null };
  const { credited, noted, due } = sumSettlement(settlement);
  const refunded = sumPositive(reserved.map(({ charge, refund }) => ({ amount: refund.amount, unit: charge.unit })));
  return { ...sides, plan: planSummary(plan), refunded, credited: sumByUnit([...credited, ...noted]), due };
}

/** @throws charge_pending (409) if a payment of a payer of the request is open. Locks: the payers by id. */
async function requireSettledPayers(tx: Tx, requested: Subscription): Promise<void> {
  for (const payer_id of await findRequestPayers(tx, requested.id))
    await requireSettled(tx, await lockProfile(tx, payer_id));
}

/**
 * Takes back the orders of a locked request: reserves the refunds, closes the books and the coverages. `decided` runs
 * before, as the numbers of the credit notes are the last lock of the transaction.
 */
async function takeBack(
  tx: Tx,
  requested: Subscription,
  by: { processors: Processors; created_by: UserId | null; at: Date },
  decided: (taken_back: TakenBack) => Promise<void>,
): Promise<TakenBack> {
  const lines = await findRequestLines(tx, requested.id);
  await lockChargesOf(
    tx,
    lines.map(({ ledger_entry_id }) => ledger_entry_id),
  );
  const { is_pending, ...settlement } = await divide(tx, lines, by.at);
  if (is_pending) throw billingProblems.charge_pending();
  await deleteFreeEntry(tx, { ...requested, subscription_id: requested.id });
  const reserved = await reserveRefundsOfEntries(
    tx,
    settlement.charged.map(({ ledger_entry_id }) => ledger_entry_id),
    { ...by, returns_backlog: true },
  );
  await insertReturned(tx, requested.id, by.at);
  await decided({ reserved, settlement });
  await closeBooks(tx, requested, lines, settlement, by);
  return { reserved, settlement };
}

async function sendRefunds(
  ctx: Context,
  processors: Processors,
  reserved: readonly ReservedRefund[],
): Promise<string[]> {
  const sentences: string[] = [];
  for (const { charge, refund } of reserved)
    sentences.push(
      await sendRefund({ ...ctx, processors }, charge, refund, { is_retry: false }).catch(describeFailure),
    );
  return sentences;
}

function describeCredit({ credited, elsewhere }: RequestSettlement, lang: string): string[] {
  return [
    ...sumParts(credited).map((money) => `${formatMoney(money, lang)} that credit paid is credit again.`),
    ...sumParts(elsewhere).map(
      (money) => `${formatMoney(money, lang)} that was paid outside of the site is credit for later orders.`,
    ),
  ];
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
  const credit = await findUsedCredit(
    reader,
    lines.map(({ ledger_entry_id }) => ledger_entry_id),
  );
  const incomes = await findSubjectIncomes(reader, uniqueSubjects(lines));
  const forgiven = incomes.map(({ subject, unit, canceled }) => ({ subject, unit, amount: canceled }));
  return { ...divideLines(lines, new Set(covering.keys()), own, credit, forgiven), is_pending };
}

function uniqueSubjects(lines: readonly RequestLine[]): LedgerSubject[] {
  const subjects = lines.flatMap((line) => fromSubjectColumns(line) ?? []);
  return subjects.filter((subject, index) => subjects.findIndex((each) => isSameSubject(each, subject)) === index);
}

function isOn(line: RequestLine, subject: Parameters<typeof isSameSubject>[0]): boolean {
  const own = fromSubjectColumns(line);
  return own !== null && isSameSubject(own, subject);
}

async function previewEnding({ db, clock }: Context, requested: Subscription) {
  const lines = await findRequestLines(db, requested.id);
  const ids = lines.map(({ ledger_entry_id }) => ledger_entry_id);
  const settlement = await divide(db, lines, clock.now());
  const refunded = await findRefundsOfEntries(db, ids);
  const credit = await findUsedCredit(db, ids);
  const { charged, credited } = settlement;
  const of_charges = charged.map(({ ledger_entry_id, amount, unit }) => ({
    amount: amount - (credit.get(ledger_entry_id)?.used ?? 0) - (refunded.get(ledger_entry_id) ?? 0),
    unit,
  }));
  const of_credit = credited.map(({ line, amount }) => ({ amount, unit: line.unit }));
  for (const { ledger_entry_id, unit } of charged)
    of_credit.push({ amount: credit.get(ledger_entry_id)?.left ?? 0, unit });
  return { ...sumSettlement(settlement), refunded: sumPositive(of_charges), credited: sumPositive(of_credit) };
}

/** Adds up by unit what credit alone paid, what was paid outside of the site, and what is due. */
function sumSettlement({ debts, credited, elsewhere }: RequestSettlement) {
  return { credited: sumParts(credited), noted: sumParts(elsewhere), due: sumParts(debts) };
}

const sumParts = (parts: readonly Debt[]): Money[] =>
  sumPositive(parts.map(({ line, amount }) => ({ amount, unit: line.unit })));

const sumPositive = (amounts: readonly Money[]): Money[] => sumByUnit(amounts).filter(({ amount }) => amount > 0);

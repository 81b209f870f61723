import assert from 'node:assert/strict';
import { type Plan, refuseQuantityPrice } from '#catalog';
import {
  accounts,
  findHoldings,
  type Holding,
  isSameSubject,
  moveAmount,
  type NewEntry,
  type NewEvent,
  postEvent,
} from '#ledger';
import type { PlanId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { runAndReleaseEarly, runInOrder, runTogether } from '#platform/db/together';
import { type Profile, profileLock } from '#profiles';
import {
  extendedSubscriptions,
  type Subscription,
  renewalSlots,
  reportingOverlap,
  subscriptionSubject,
} from '#subscriptions';
import {
  creditLinesOf,
  type OpenLot,
  type PlannedUse,
  planUses,
  sumUsesByRank,
  usedCredit,
  useEntries,
} from '../credits/index.ts';
import { type BookedLine, documentParts } from '../orders/index.ts';
import type { Order } from '../records/index.ts';
import { type DunningContext, prepareDue, type ReservedDue, reservedDueParts } from '../dunning/index.ts';
import { isRenewed, type PlannedRenewal, planRenewals, renewalSpan } from './renewal.ts';
import { renewalLine } from './renewal-line.ts';
import { insertRenewalOrder, postedLines, renewalFacts } from './renewal-store.ts';
import { freshDue } from './fresh-due.ts';

/** What the renewal of a payer's subscriptions did. */
export interface RenewedPayer {
  renewals_count: number;
  /** The charge of a payer who owed nothing else, reserved with the order. */
  reserved: ReservedDue | null;
  /** True if something may be due that `reserved` does not charge. */
  has_more: boolean;
}

/** A renewal that cannot be ordered until a person changes the plan or the subscription. */
export class RenewalRefused extends Error {}

const nothing: RenewedPayer = { renewals_count: 0, reserved: null, has_more: false };

/**
 * Orders the next periods of those subscriptions of a payer that are still due, in one transaction: one order per
 * provider and unit with its lines, ledger event, coverages and invoice, and the new ends. A payer who owed nothing
 * before has the charge of a single order reserved in the same transaction.
 *
 * Locks: the payer's profile, the slots of the subscriptions, then the subscriptions; the counters of the invoices are
 * the last, and released before the flush, so that the orders of one provider do not wait for one flush after the
 * other. The processor is called after it. The unique index order_lines_renewal refuses a second renewal of a period.
 * @throws RenewalRefused
 * @see docs/spec/billing.md 5.6, docs/decisions/0085-renewals-and-dunning.md
 */
export async function renewPayer(
  ctx: DunningContext,
  payer_id: ProfileId,
  ids: readonly SubscriptionId[],
  { at, lapse_days }: { at: Date; lapse_days: number },
): Promise<RenewedPayer> {
  return inTransaction(ctx.db, async (tx) => {
    const [payer, , loaded] = await runInOrder(
      tx,
      profileLock(payer_id),
      renewalSlots(ids),
      renewalFacts(payer_id, ids, { span: renewalSpan(at, lapse_days), at }),
    );
    const { due_subscriptions, changing, renewed_plans: plans, parties, due, lots, parked, cards } = loaded;
    if (!payer.is_active || parked) return nothing;
    const planned = due_subscriptions
      .filter(({ id }) => !changing.has(id))
      .flatMap((subscription) => planOf(subscription, { plans, parties }, at));
    if (planned.length === 0) return nothing;
    const groups = [...Map.groupBy(planned, ({ plan }) => `${plan.profile_id} ${plan.unit}`).values()];
    const facts = { parties, lots, holdings: lots.length === 0 ? [] : await findHoldingsOf(tx, planned), at };
    const is_paying = loaded.in_flight || loaded.is_charging;
    const owes_more = due.subjects.length > 0 || is_paying || groups.length > 1;
    for (const group of groups.slice(0, -1)) await saveOrder(tx, payer, group, facts);
    const last = groups.at(-1);
    assert(last, 'there is a renewal to save');
    const saved = await saveOrder(tx, payer, last, { ...facts, is_last: true });
    const counted = { renewals_count: planned.length };
    const fresh = owes_more ? null : freshDue(payer, saved.booked, last);
    const prepared = fresh && (await prepareDue(ctx, tx, fresh, { after: `order ${saved.order.id}`, at, cards }));
    if (!fresh || !prepared) {
      await runAndReleaseEarly(tx, saved.parts);
      return { ...counted, reserved: null, has_more: true };
    }
    const done = await runAndReleaseEarly(tx, {
      ...reservedDueParts(fresh, prepared, { trigger: 'renewal', at }),
      ...saved.parts,
    });
    assert(done.attempt && done.new_order, 'a charge was reserved');
    const { provider_id, unit } = fresh;
    const attempt = { ...done.attempt, source: prepared.source };
    const reserved = { place: { profile_id: payer_id, provider_id, unit }, order: done.new_order, attempt };
    return { ...counted, reserved, has_more: false };
  });
}

async function findHoldingsOf(tx: Tx, planned: readonly PlannedRenewal[]): Promise<Holding[]> {
  const subjects = planned.map(({ subscription }) => subscriptionSubject(subscription.id));
  return findHoldings(tx, subjects, accounts.payable);
}

function planOf(
  subscription: Subscription,
  { plans, parties }: { plans: ReadonlyMap<PlanId, Plan>; parties: ReadonlyMap<ProfileId, Profile> },
  at: Date,
): PlannedRenewal[] {
  const plan = plans.get(subscription.plan_id);
  const subscriber = parties.get(subscription.profile_id);
  const provider = plan && parties.get(plan.profile_id);
  if (!plan || !subscriber?.is_active || provider?.is_active !== true) return [];
  const { quantity } = subscription;
  // The price of a plan may rise after a quantity was sold. Its sums must stay within the amounts of the ledger.
  if (isRenewed(plan) && refuseQuantityPrice(plan, quantity) !== null)
    throw new RenewalRefused(
      `The price of ${quantity} units of ${plan.slug} for ${subscriber.slug} is too high to be ordered. Lower the price or the quantity, then retry.`,
    );
  return planRenewals(subscription, plan, at).map((renewal) => ({ renewal, subscription, plan, subscriber }));
}

interface SaveFacts {
  parties: ReadonlyMap<ProfileId, Profile>;
  /** Open lots of the payer, locked. */
  lots: readonly OpenLot[];
  /** Payable of the payer before, by subject. */
  holdings: readonly Holding[];
  at: Date;
}

/** Returns the entries of the credit that pays lines of a renewal. Their income is not earned yet. */
function creditEntries(
  payer: Profile,
  booked: readonly BookedLine[],
  { uses, holdings }: { uses: readonly PlannedUse[]; holdings: readonly Holding[] },
): NewEntry[] {
  return uses.flatMap(({ credit_id, rank, amount }) => {
    const each = booked.find(({ line }) => line.rank === rank);
    assert(each, 'credit is used for a line of the order');
    const { line, subject } = each;
    const { provider_id, unit } = line;
    const before = holdings.find(
      (held) => held.profile_id === payer.id && held.unit === unit && isSameSubject(held.subject, subject),
    );
    // The order comes before the use in the same event.
    const payable = Math.max(0, before?.amount ?? 0) + line.amount;
    return useEntries({
      credit_id,
      holder_id: payer.id,
      provider_id,
      subject,
      amount,
      unit,
      payable,
      unpaid_income: 0,
    });
  });
}

/**
 * Saves the order of one provider and unit. With `is_last`, returns the parts that save what remains, because they
 * commit the transaction; otherwise runs them.
 */
async function saveOrder(
  tx: Tx,
  payer: Profile,
  planned: readonly PlannedRenewal[],
  { parties, lots, holdings, at, is_last = false }: SaveFacts & { is_last?: boolean },
) {
  const priced = planned.map((each, rank) => renewalLine(each, rank));
  // The lots are locked. Each group is of another provider or unit, so that no lot is used twice.
  const uses = planUses(lots, creditLinesOf(payer.id, priced));
  const used = sumUsesByRank(uses);
  const rows = priced.map((row) => ({ ...row, credit_used: used.get(row.rank) ?? 0 }));
  const unit = rows[0]?.unit ?? 'usd';
  const amount = rows.reduce((sum, row) => sum + row.amount, 0);
  const { order, lines } = await insertRenewalOrder(
    tx,
    { profile_id: payer.id, cart_version: 'renewal', amount, unit },
    { lines: rows, uses },
    at,
  );
  const booked = lines.map((line, index): BookedLine => {
    const each = planned[index];
    assert(each && line.subject_id !== null, 'the lines of a renewal are in the order of its periods');
    const { subscription, renewal } = each;
    return {
      line,
      subscription_id: subscription.id,
      subject: { kind: 'sub', id: line.subject_id, part: line.subject_part },
      description: line.description,
      anchor_at: subscription.anchor_at,
      covers_from: renewal.covers_from,
      covers_to: renewal.covers_to,
    };
  });
  const credit = uses.length === 0 ? [] : creditEntries(payer, booked, { uses, holdings });
  const entries = await postEvent(tx, renewalEvent(order, booked, credit));
  const entry_ids = entries.slice(0, booked.length).map(({ id }) => id);
  const posted = booked.map(({ line, subject }, index) => {
    const ledger_entry_id = entry_ids[index];
    assert(ledger_entry_id !== undefined, 'every line of an order has an entry');
    return { rank: line.rank, ledger_entry_id, subject };
  });
  const ends = new Map(planned.map(({ renewal }) => [renewal.subscription_id, renewal.covers_to]));
  const event_id = entries[0]?.ledger_event_id ?? null;
  const parts = {
    posted_lines: postedLines(order.id, posted),
    renewed_subscriptions: extendedSubscriptions(
      [...ends].map(([id, ends_at]) => ({ id, ends_at, is_accepted: false })),
    ),
    used_credit: event_id === null || uses.length === 0 ? null : usedCredit(order.id, event_id),
    ...documentParts(order, booked, { entry_ids, event_id, parties, anchorOf: ({ anchor_at }) => anchor_at }),
  };
  if (!is_last) await reportingOverlap(runTogether(tx, parts));
  const posted_lines = booked.map((each, index) => ({ ...each, ledger_entry_id: entry_ids[index] ?? null }));
  return { order, booked: posted_lines, parts };
}

function renewalEvent(order: Order, booked: readonly BookedLine[], credit: readonly NewEntry[]): NewEvent {
  const entries = booked.map(({ line, subject, description }) =>
    moveAmount({
      from: { profile_id: line.provider_id, account: accounts.receivable },
      to: { profile_id: order.profile_id, account: accounts.payable },
      amount: line.amount,
      unit: line.unit,
      subject,
      description,
    }),
  );
  return { key: `order:${order.id}`, kind: 'order', at: order.created_at, entries: [...entries, ...credit] };
}

import assert from 'node:assert/strict';
import { findPlanBySlug, findUseCharge, type Plan, priceUses, type UseCharge } from '#catalog';
import { periodContaining } from '#kernel/period';
import { commonProblems, invalidInput } from '#kernel/problem';
import type { Money } from '#kernel/money';
import { equalsCi } from '#kernel/text';
import { accounts, type Entry, findEntries, type InvoicedOrder, issueInvoices, moveAmount, postEvent } from '#ledger';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { randomKey40 } from '#platform/security/crypto';
import { lockPaymentMethod } from '#payments';
import { findProfileById } from '#profiles';
import {
  findSubscriptionAt,
  isAgreed,
  isFrozen,
  lockSubscriptions,
  recordUses,
  type Subscription,
  subscriptionSubject,
} from '#subscriptions';
import { billingProblems } from '../problems.ts';
import { findBilledUses, insertBilledUses } from './billed-use-store.ts';

export interface UsesToBill {
  /** The subscriber, who owes the price. */
  profile_id: ProfileId;
  /** Providers whose plans the caller may bill; null for all. */
  sellers: readonly ProfileId[] | null;
  plan: string;
  use: string | null;
  /** Fewer than one counts as one. */
  quantity: number;
  /** Slug or e-mail address of the subscriber, when given. */
  sync_on: string | null;
  /** Instant of the uses; now when null. */
  created_at: Date | null;
  /** Idempotency key of the request; null without one. */
  request_key: string | null;
}

/** Price of uses that were counted. `amount` is 0 if all of them were free or bought in advance. */
export interface CountedUses extends Money {
  is_billed: boolean;
  provider_id: ProfileId;
  description: string;
  created_at: Date;
}

/**
 * Counts uses of a subscription and adds the price of those that are neither free nor bought in advance to the balance
 * of the subscriber. Free uses write no ledger entry. A retry with the same `request_key` counts nothing and returns
 * the outcome of the first call.
 *
 * The first ledger event of the uses draws an invoice number.
 *
 * Locks: the subscription, its usage, then the counter of invoices.
 * @throws invalid_input, use_charge_absent, subscription_uncovered (400), quota_reached (402), permission_denied (403)
 * @see docs/spec/billing.md 2.4 and 3.6
 */
export async function billUses(ctx: Context, uses: UsesToBill): Promise<CountedUses> {
  const at = uses.created_at ?? ctx.clock.now();
  if (at > ctx.clock.now()) throw invalidInput({ created_at: ['The uses must not be in the future.'] });
  return inTransaction(ctx.db, async (tx) => {
    const { plan, use } = await getUse(tx, uses);
    await requireSubscriber(tx, uses);
    const subscription = await findSubscriptionAt(tx, uses.profile_id, plan.id, at);
    if (!subscription || !isAgreed(subscription))
      throw billingProblems.subscription_uncovered({
        detail: `Couldn't find a subscription to ${plan.slug} that covers ${at.toISOString()}.`,
      });
    await lockSubscriptions(tx, [subscription.id]);
    if (isFrozen(subscription)) throw billingProblems.subscription_paused();
    const earlier = uses.request_key === null ? undefined : await findBilledUses(tx, uses.request_key);
    if (earlier) {
      const order = earlier.ledger_entry_id === null ? null : await getEntry(tx, earlier.ledger_entry_id);
      return readCounted(plan, use, earlier.quantity, order, earlier.created_at);
    }
    const key = uses.request_key ?? randomKey40();
    const originated_by = actorId(ctx);
    const quantity = Math.max(1, uses.quantity);
    const { billed_quantity } = await recordUses(tx, { subscription, plan, use, quantity, at, originated_by });
    if (billed_quantity > 0) await requirePayableUses(tx, subscription, at);
    const entry =
      billed_quantity === 0
        ? null
        : await postUses(tx, { key, at, payer_id: uses.profile_id, plan, use, billed_quantity, id: subscription.id });
    await insertBilledUses(tx, {
      key,
      subscription_id: subscription.id,
      use_charge_id: use.id,
      quantity,
      billed_quantity,
      ledger_entry_id: entry?.id ?? null,
      payer_id: uses.profile_id,
      ...(entry && recognitionWindow(subscription, at)),
      created_by: originated_by,
      created_at: at,
    });
    if (entry) await issueInvoices(tx, [invoicedUses(uses.profile_id, plan, entry)]);
    return readCounted(plan, use, quantity, entry, at);
  });
}

/** Refuses uses that would be billed in a trial without a card: a trial that is not converted leaves no debt. */
async function requirePayableUses(tx: Tx, { profile_id, trial_ends_at }: Subscription, at: Date): Promise<void> {
  if (trial_ends_at === null || trial_ends_at <= at) return;
  if (!(await lockPaymentMethod(tx, profile_id))) throw billingProblems.quota_reached();
}

/** Returns the calendar month of the subscription in which uses are earned. */
function recognitionWindow({ anchor_at }: Pick<Subscription, 'anchor_at'>, at: Date) {
  const { start_at, ends_at } = periodContaining(anchor_at, 'monthly', 1, at);
  return { recognise_from: start_at, recognise_at: ends_at };
}

function readCounted(plan: Plan, use: UseCharge, quantity: number, entry: Entry | null, at: Date): CountedUses {
  const { unit, description } = priceUses(plan, use, quantity);
  const free = { amount: 0, unit, description };
  const billed = entry && { amount: entry.dest_amount, unit: entry.dest_unit, description: entry.description };
  return { is_billed: entry !== null, provider_id: plan.profile_id, created_at: at, ...(billed ?? free) };
}

async function getUse(
  tx: Tx,
  { plan: slug, use: use_slug, sellers }: UsesToBill,
): Promise<{ plan: Plan; use: UseCharge }> {
  if (use_slug === null || use_slug === '') throw billingProblems.use_charge_absent();
  const plan = await findPlanBySlug(tx, slug);
  if (!plan) throw invalidInput({ plan: [`Plan '${slug}' does not exist or is inactive.`] });
  if (sellers !== null && !sellers.includes(plan.profile_id)) throw commonProblems.permission_denied();
  const use = findUseCharge(plan, use_slug);
  if (!use) throw invalidInput({ use: [`UseCharge '${use_slug}' does not belong to plan ${plan.slug}`] });
  return { plan, use };
}

async function requireSubscriber(tx: Tx, { profile_id, sync_on }: UsesToBill): Promise<void> {
  if (sync_on === null || sync_on === '') return;
  const profile = await findProfileById(tx, profile_id);
  if (profile && [profile.slug, profile.email].some((name) => equalsCi(name, sync_on.trim()))) return;
  throw invalidInput({ sync_on: ['Uses are billed to the profile in the address. Leave this field out.'] });
}

interface PostedUses {
  key: string;
  at: Date;
  payer_id: ProfileId;
  plan: Plan;
  use: UseCharge;
  billed_quantity: number;
  id: Parameters<typeof subscriptionSubject>[0];
}

async function postUses(tx: Tx, { key, at, payer_id, plan, use, billed_quantity, id }: PostedUses): Promise<Entry> {
  const priced = priceUses(plan, use, billed_quantity);
  if (!Number.isSafeInteger(priced.amount))
    throw invalidInput({ quantity: ['The price of so many uses is too high.'] });
  const entry = moveAmount({
    from: { profile_id: plan.profile_id, account: accounts.receivable },
    to: { profile_id: payer_id, account: accounts.payable },
    amount: priced.amount,
    unit: priced.unit,
    subject: subscriptionSubject(id, use.slug),
    description: priced.description,
  });
  const [posted] = await postEvent(tx, { key: `use:${key}`, kind: 'order', at, entries: [entry] });
  assert(posted, 'an event has its entries');
  return posted;
}

/** Returns the order of billed uses as an invoice states it. */
function invoicedUses(payer_id: ProfileId, plan: Plan, entry: Entry): InvoicedOrder {
  const { id, ledger_event_id, dest_amount, dest_unit, description, created_at } = entry;
  const line = { provider_id: plan.profile_id, kind: 'use' as const, ledger_entry_id: id, description };
  const amounts = { full_amount: dest_amount, amount: dest_amount, covers_from: null, covers_to: null };
  return { payer_id, ledger_event_id, unit: dest_unit, at: created_at, lines: [{ ...line, ...amounts }] };
}

async function getEntry(tx: Tx, id: Entry['id']): Promise<Entry> {
  const entry = (await findEntries(tx, [id])).get(id);
  assert(entry, 'a billed use has an order');
  return entry;
}

import { type Coupon, couponsById, offersTrial, type Plan, plansById } from '#catalog';
import type { CartItemId, CouponId, PlanId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import type { Ids } from '#platform/db/fragment';
import { type Outcomes, runTogether } from '#platform/db/together';
import { statementBalance } from '#ledger';
import { fingerprintOnFile } from '#payments';
import { findProfilesByHandles, type Profile } from '#profiles';
import { type Subscription, subscriptionsOf, trialsUsedBy } from '#subscriptions';
import { resolveBeneficiary } from './beneficiary.ts';
import {
  type CartItem,
  type CartOwner,
  entryKey,
  findCartItems,
  type FreeEntries,
  freeEntriesOf,
  type Invoicable,
  type Line,
  type OrderLine,
  sortInvoicables,
  itemKey,
  type ShownLine,
} from '../records/index.ts';
import { buildShownItem, dueText, offerItem, resolveCoupon } from './item-offer.ts';
import { loadBalances } from './load-balances.ts';
import { findPrepaidLines } from './find-item-offers.ts';
import { priceItem } from './price-item.ts';
import { pricePrepaid } from './price-prepaid.ts';

export interface InvoicableScope {
  payer: Profile;
  owner: CartOwner;
  /** Items of the cart, if the caller has loaded them; loaded when omitted. */
  items?: readonly CartItem[];
  /** Coupons of the items, if the caller has locked them; loaded when omitted. */
  coupons?: ReadonlyMap<CouponId, Coupon>;
  at: Date;
}

interface Pricing {
  /** Shown lines: an ended coupon still applies to a line that was shown with it. */
  honored?: readonly ShownLine[];
  /** Includes the options of items for which one is chosen. */
  undecided?: boolean;
}

/** Facts from which `priceQuote` computes what a profile would pay. */
interface Quote {
  payer: Profile;
  at: Date;
  items: readonly CartItem[];
  plans: ReadonlyMap<PlanId, Plan>;
  coupons: ReadonlyMap<CouponId, Coupon>;
  beneficiaries: ReadonlyMap<string, Profile>;
  prepaid: ReadonlyMap<CartItemId, OrderLine[]>;
  subscriptions: readonly Subscription[];
  free_entries: FreeEntries;
  /** Plans whose trial the payer, or the card on file of the payer, has used. */
  trials_used: ReadonlySet<PlanId>;
  balances: readonly Invoicable[];
}

/**
 * Loads what a profile would pay at checkout: its balances due, then the items of the cart at the prices of `at`.
 * @throws beneficiary_unknown (400)
 * @see docs/spec/billing.md 4.5
 */
export async function loadInvoicables(reader: Reader, scope: InvoicableScope & Pricing): Promise<Invoicable[]> {
  return priceQuote(await loadQuote(reader, scope), scope);
}

/**
 * Loads the facts of a quote. The number of statements does not depend on the number of items: one for the items, one
 * for the rest, further ones for balances due, items of other profiles and claimed seats.
 */
async function loadQuote(reader: Reader, { payer, owner, at, ...given }: InvoicableScope): Promise<Quote> {
  const items = given.items ?? (await findCartItems(reader, owner));
  const coupon_ids = items.flatMap((item) => item.coupon_id ?? []);
  const plan_ids = items.map((item) => item.plan_id);
  const { coupons = new Map(), ...loaded } = await runTogether(reader, {
    ...quoteParts(payer.id, plan_ids, at),
    coupons: given.coupons || coupon_ids.length === 0 ? null : couponsById(coupon_ids),
  });
  return completeQuote(reader, { payer, at, items, coupons: given.coupons ?? coupons }, loaded);
}

/** Returns the parts of a quote that depend only on the payer and the plans of the items. */
export function quoteParts(payer_id: ProfileId, plan_ids: Ids<PlanId>, at: Date) {
  return {
    plans: plansById(plan_ids),
    subscriptions: subscriptionsOf([payer_id], plan_ids),
    due: statementBalance(payer_id, at),
    free_entries: freeEntriesOf([payer_id]),
    trials_used: trialsUsedBy(payer_id, plan_ids, fingerprintOnFile(payer_id)),
  };
}

/** Loads what a quote needs besides `quoteParts`: nothing if nothing is due and the payer buys for itself. */
export async function completeQuote(
  reader: Reader,
  { payer, at, items, coupons }: Pick<Quote, 'payer' | 'at' | 'items' | 'coupons'>,
  { plans, subscriptions: own, due, free_entries, trials_used }: Outcomes<ReturnType<typeof quoteParts>>,
): Promise<Quote> {
  const beneficiaries = await findProfilesByHandles(
    reader,
    items.flatMap((item) => item.sync_on ?? []),
  );
  const others = [...beneficiaries.values()].flatMap(({ id }) => (id === payer.id ? [] : [id]));
  const plan_ids = items.map((item) => item.plan_id);
  const { subscriptions = [], others_entries = new Set<string>() } = await runTogether(reader, {
    subscriptions: others.length === 0 ? null : subscriptionsOf(others, plan_ids),
    others_entries: others.length === 0 ? null : freeEntriesOf(others),
  });
  return {
    payer,
    at,
    items,
    plans,
    coupons,
    beneficiaries,
    prepaid: await findPrepaidLines(reader, items),
    subscriptions: [...own, ...subscriptions],
    free_entries: new Set([...free_entries, ...others_entries]),
    trials_used,
    balances: await loadBalances(reader, payer, at, { own_only: true, due }),
  };
}

/**
 * Computes what a profile would pay: its balances due, then the items of the cart. Pure.
 * @throws beneficiary_unknown (400)
 */
export function priceQuote(quote: Quote, { honored = [], undecided = false }: Pricing): Invoicable[] {
  const honoredByKey = new Map(honored.map((line) => [line.key, line]));
  const priced = quote.items
    .flatMap((item) => {
      const plan = quote.plans.get(item.plan_id);
      const isOffered = item.claim_id === null ? plan?.is_active && !plan.is_not_priced : quote.prepaid.has(item.id);
      return plan && isOffered ? [{ item, plan }] : [];
    })
    .map(({ item, plan }) => priceOffered(quote, item, plan, { undecided, shown: honoredByKey.get(itemKey(item.id)) }));
  return sortInvoicables([...quote.balances, ...mergeUses(priced)]);
}

function priceOffered(
  quote: Quote,
  item: CartItem,
  plan: Plan,
  { undecided, shown }: { undecided: boolean; shown: ShownLine | undefined },
): Invoicable {
  const { at, payer } = quote;
  const { beneficiary, seat } = resolveBeneficiary(item, payer, quote.beneficiaries);
  const of_beneficiary = quote.subscriptions.filter(
    (subscription) => subscription.profile_id === beneficiary?.id && subscription.plan_id === plan.id,
  );
  const subscription = of_beneficiary.find((each) => each.ends_at > at) ?? null;
  const paid = quote.prepaid.get(item.id);
  const coupon = paid ? null : resolveCoupon(item, plan, quote.coupons, at, shown);
  const wanted = undecided ? { ...item, option: 0 } : item;
  const is_first = of_beneficiary.length === 0;
  const may_enter_free = beneficiary !== null && !quote.free_entries.has(entryKey(beneficiary.id, plan.profile_id));
  const has_trial =
    offersTrial(plan) && is_first && beneficiary?.id === payer.id && !seat && !quote.trials_used.has(plan.id);
  const terms = { subscription, is_first, has_trial, may_enter_free };
  const priced = paid
    ? { lines: pricePrepaid(item, plan, paid, { subscription, at }), options: [] }
    : priceItem({ payer, at, item: wanted, plan, coupon, ...terms, beneficiary, seat });
  // An undecided item is priced without its option; its lines still refer to the item as it is stored.
  const ofItem = (line: Line) => (line.item === null ? line : { ...line, item });
  const due = { lines: priced.lines.map(ofItem), options: priced.options.map(ofItem) };
  const name = beneficiary?.slug ?? seat?.email ?? '';
  // Uses on a running subscription have no price by its quantity.
  const held_quantity = item.use_charge_id === null ? subscription?.quantity : undefined;
  return {
    key: `${name}:${plan.slug}${item.claim_id === null ? '' : `+${item.claim_id}`}`,
    kind: 'cart',
    plan,
    beneficiary,
    ...(seat === null ? {} : { seat }),
    subscription,
    trial_available: has_trial,
    ...due,
    shown: [
      { ...buildShownItem(offerItem(item, plan, coupon, at, { prepaid: paid }), held_quantity), due: dueParts(due) },
    ],
  };
}

/** Returns the parts of an offer that depend on the payer: whether periods are bought, and the fees and uses due. */
function dueParts({ lines, options }: { lines: readonly Line[]; options: readonly Line[] }): string {
  const others = lines.filter(({ kind }) => kind !== 'period');
  return dueText(options.length > 0 || others.length < lines.length, others);
}

/**
 * Merges invoicables with the same key: a plan and its uses for one person are one invoicable. A second item adds its
 * uses and does not buy the plan again.
 */
function mergeUses(invoicables: readonly Invoicable[]): Invoicable[] {
  const merged = new Map<string, Invoicable>();
  for (const invoicable of invoicables) {
    const present = merged.get(invoicable.key);
    if (!present) {
      merged.set(invoicable.key, invoicable);
      continue;
    }
    const [plain, withUse] = hasUse(present) ? [invoicable, present] : [present, invoicable];
    const uses = withUse.lines.filter((line) => line.kind === 'use');
    const dropped = uses.length === 0 ? collectItemIds(withUse) : [];
    const duplicates = [...(present.duplicates ?? []), ...dropped];
    const shown = [...present.shown, ...invoicable.shown];
    merged.set(invoicable.key, { ...plain, lines: [...plain.lines, ...uses], duplicates, shown });
  }
  return [...merged.values()];
}

function collectItemIds({ lines, options }: Invoicable): CartItemId[] {
  return [...new Set([...lines, ...options].flatMap(({ item }) => item?.id ?? []))];
}

function hasUse(invoicable: Invoicable): boolean {
  return invoicable.lines.some((line) => line.kind === 'use');
}

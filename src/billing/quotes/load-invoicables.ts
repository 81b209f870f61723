import { findCouponsByIds, findPlansByIds } from '#catalog';
import type { CartItemId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { findProfilesByHandles, type Profile } from '#profiles';
import { findSubscriptionsOf } from '#subscriptions';
import { resolveBeneficiary } from './beneficiary.ts';
import {
  type CartItem,
  type CartOwner,
  findCartItems,
  type Invoicable,
  type Line,
  sortInvoicables,
  itemKey,
  type ShownLine,
} from '../records/index.ts';
import { resolveCoupon, offerItem, buildShownItem } from './item-offer.ts';
import { loadBalances } from './load-balances.ts';
import { findPrepaidLines } from './find-item-offers.ts';
import { priceItem } from './price-item.ts';
import { pricePrepaid } from './price-prepaid.ts';

export interface InvoicableScope {
  payer: Profile;
  owner: CartOwner;
  /** Items of the cart, if the caller has loaded them; loaded when omitted. */
  items?: readonly CartItem[];
  at: Date;
  /** Shown lines: an ended coupon still applies to a line that was shown with it. */
  honored?: readonly ShownLine[];
  /** Includes the options of items for which one is chosen. */
  undecided?: boolean;
}

/**
 * Loads what a profile would pay at checkout: its balances due, then the items of the cart at the prices of `at`.
 * The number of queries does not depend on the number of items.
 * @throws beneficiary_unknown (400)
 * @see docs/spec/billing.md 4.5
 */
export async function loadInvoicables(reader: Reader, scope: InvoicableScope): Promise<Invoicable[]> {
  const items = scope.items ?? (await findCartItems(reader, scope.owner));
  const plans = await findPlansByIds(
    reader,
    items.map((item) => item.plan_id),
  );
  const coupons = await findCouponsByIds(
    reader,
    items.flatMap((item) => item.coupon_id ?? []),
  );
  const handles = items.flatMap((item) => item.sync_on ?? []);
  const beneficiaries =
    handles.length === 0 ? new Map<string, Profile>() : await findProfilesByHandles(reader, handles);
  const prepaid = await findPrepaidLines(reader, items);
  const facts = items.flatMap((item) => {
    const plan = plans.get(item.plan_id);
    const isOffered = item.claim_id === null ? plan?.is_active && !plan.is_not_priced : prepaid.has(item.id);
    if (!plan || !isOffered) return [];
    return [{ item, plan, ...resolveBeneficiary(item, scope.payer, beneficiaries) }];
  });
  const subscriptions = await findSubscriptionsOf(
    reader,
    [...new Set(facts.flatMap(({ beneficiary }) => beneficiary?.id ?? []))],
    [...new Set(facts.map(({ plan }) => plan.id))],
  );
  const honored = new Map((scope.honored ?? []).map((line) => [line.key, line]));
  const priced = facts.map(({ item, plan, beneficiary, seat }): Invoicable => {
    const of_beneficiary = subscriptions.filter(
      (subscription) => subscription.profile_id === beneficiary?.id && subscription.plan_id === plan.id,
    );
    const subscription = of_beneficiary.find((each) => each.ends_at > scope.at) ?? null;
    const paid = prepaid.get(item.id);
    const coupon = paid ? null : resolveCoupon(item, plan, coupons, scope.at, honored.get(itemKey(item.id)));
    const wanted = scope.undecided === true ? { ...item, option: 0 } : item;
    const is_first = of_beneficiary.length === 0;
    const due = paid
      ? { lines: pricePrepaid(item, plan, paid, { subscription, at: scope.at }), options: [] }
      : priceItem({ ...scope, item: wanted, plan, coupon, subscription, is_first, beneficiary, seat });
    const name = beneficiary?.slug ?? seat?.email ?? '';
    return {
      key: `${name}:${plan.slug}${item.claim_id === null ? '' : `+${item.claim_id}`}`,
      kind: 'cart',
      plan,
      beneficiary,
      ...(seat === null ? {} : { seat }),
      subscription,
      ...due,
      shown: [{ ...buildShownItem(offerItem(item, plan, coupon, scope.at, paid)), due: dueParts(due) }],
    };
  });
  return sortInvoicables([
    ...(await loadBalances(reader, scope.payer, scope.at, { own_only: true })),
    ...mergeUses(priced),
  ]);
}

/** Returns the parts of an offer that depend on the payer: whether periods are bought, and the fees and uses due. */
function dueParts({ lines, options }: { lines: readonly Line[]; options: readonly Line[] }): string {
  const others = lines.filter(({ kind }) => kind !== 'period').map(({ kind, amount }) => [kind, amount]);
  return JSON.stringify([options.length > 0 || others.length < lines.length, others]);
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

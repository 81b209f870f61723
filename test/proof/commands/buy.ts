import { checkOut, type Fate } from '../model/checkout.ts';
import { type CartItem, cartOf, type Coupon, type Model, type Plan } from '../model/model.ts';
import { isUsable } from '../model/quote.ts';
import { sendPayment, tokenOf } from '../outside.ts';
import type { Command, Expected } from './command.ts';

/** Adds a plan to the cart of a buyer, for the buyer or for `sync_on`. */
export function add(buyer: string, plan: Plan, option: number, sync_on: string | null): Command {
  const given = sync_on === null || sync_on === buyer ? null : sync_on;
  return {
    text: `${buyer} adds ${plan.slug} option ${option}${given === null ? '' : ` for ${given}`}`,
    payers: [buyer],
    expect: (model) => addItem(model, buyer, { plan, option, sync_on: given }),
    send(site) {
      const person = given?.includes('@') ? { email: given, full_name: 'Person' } : {};
      const target = given === null ? {} : { sync_on: given, ...person };
      return site.call(buyer, 'POST', '/api/cart', { plan: plan.slug, option, ...target });
    },
  };
}

function addItem(model: Model, buyer: string, given: Pick<CartItem, 'plan' | 'option' | 'sync_on'>): Expected {
  const cart = cartOf(model, buyer);
  if (cart.some(({ plan, seat }) => seat === null && plan.unit !== given.plan.unit))
    return { status: 400, code: 'currency_mixed' };
  const present = cart.find(
    ({ plan, sync_on, seat }) => seat === null && plan === given.plan && sync_on === given.sync_on,
  );
  const item = present ?? { ...given, coupon: null, seat: null, is_ordered: false };
  item.option = given.option;
  if (!present) model.carts.get(buyer)?.push(item);
  const code = model.remembered.get(buyer);
  const coupon = model.coupons.find((each) => each.code === code);
  if (coupon && item.coupon === null && isUsable(coupon, item.plan, model.now)) item.coupon = coupon;
  return { status: present ? 200 : 201 };
}

/** Empties the cart of a buyer. */
export function empty(buyer: string): Command {
  return {
    text: `${buyer} empties the cart`,
    payers: [buyer],
    expect(model) {
      for (const item of cartOf(model, buyer)) {
        item.is_ordered = true;
        if (item.seat?.item === item && item.seat.claimed_by === null) item.seat.item = null;
      }
      return { status: 204 };
    },
    send: (site) => site.call(buyer, 'DELETE', '/api/cart'),
  };
}

/** Redeems a coupon for the items of a cart. */
export function redeem(buyer: string, coupon: Coupon): Command {
  return {
    text: `${buyer} redeems ${coupon.code}`,
    payers: [buyer],
    expect: (model) => redeemCoupon(model, buyer, coupon),
    send: (site) => site.call(buyer, 'POST', '/api/cart/redeem', { code: coupon.code }),
  };
}

function redeemCoupon(model: Model, buyer: string, coupon: Coupon): Expected {
  const items = cartOf(model, buyer).filter(({ seat }) => seat === null);
  const fitting = items.filter(({ plan }) => isUsable(coupon, plan, model.now));
  for (const item of fitting) item.coupon = coupon;
  const plan = model.plans.find(
    ({ slug, provider }) => provider === coupon.provider && (coupon.plan === null || coupon.plan === slug),
  );
  const isValid = plan !== undefined && isUsable(coupon, plan, model.now);
  if (fitting.length === 0 && (items.length > 0 || !isValid)) return { status: 400, code: 'coupon_useless' };
  model.remembered.set(buyer, coupon.code);
  return { status: 200 };
}

/** Looks at the quote, then pays the cart and what is due with a card of that fate. */
export function pay(buyer: string, fate: Fate): Command {
  return {
    text: `${buyer} pays, ${fate}`,
    payers: [buyer],
    expect: (model) => checkOut(model, buyer, fate),
    async send(site) {
      const url = `/api/billing/${buyer}/checkout`;
      const seen = await site.call(buyer, 'GET', url);
      if (seen.status !== 200) return seen;
      const body = { processor_token: tokenOf(site.app, fate) };
      return sendPayment(site.app, fate, () => site.call(buyer, 'POST', url, body));
    },
  };
}

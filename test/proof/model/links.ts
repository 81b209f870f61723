import { settleParts } from './adjustments.ts';
import { book, type Expected, type Fate, hasOpenPayment, payLines } from './checkout.ts';
import type { CartItem, Line, Link, Model, Plan } from './model.ts';
import { dueParts, type DuePart, itemLines } from './quote.ts';

/** Orders a plan for a payer without paying; the link of the response pays it. */
export function payLater(model: Model, payer: string, plan: Plan, option: number): Expected & { link?: Link } {
  if (model.reservations.some((each) => each.payer === payer)) return { status: 409, code: 'checkout_in_flight' };
  const item: CartItem = { plan, option, sync_on: null, coupon: null, seat: null, is_ordered: false };
  const lines = itemLines(model, payer, item);
  const amount = lines.reduce((sum, line) => sum + line.amount, 0);
  const from = model.debts.length;
  book(model, { payer, at: model.now, lines, amount, unit: plan.unit, coupons: [] }, null);
  if (amount === 0) return { status: 200 };
  const link: Link = { code: '', payer, provider: plan.provider, debts: model.debts.slice(from), adjustment: null };
  model.links.push(link);
  return { status: 201, link };
}

/** Returns what is due on the order of a link. */
function linkParts(model: Model, { payer, debts, adjustment }: Link): DuePart[] {
  if (adjustment !== null && !adjustment.is_reversed) return [];
  const open = debts.filter(({ charge }) => charge === null || charge.state === 'created');
  return dueParts(model, payer).flatMap((part) => {
    if (part.debt !== null) return open.includes(part.debt) ? [part] : [];
    const ordered = open.filter(({ subject }) => subject === part.subject).reduce((sum, { amount }) => sum + amount, 0);
    return ordered === 0 ? [] : [{ ...part, amount: Math.min(part.amount, ordered) }];
  });
}

function refusePayment(model: Model, link: Link): { parts: DuePart[]; refusal: Expected | null } {
  if (model.reservations.some(({ payer }) => payer === link.payer))
    return { parts: [], refusal: { status: 409, code: 'checkout_in_flight' } };
  const parts = linkParts(model, link);
  if (parts.length === 0) return { parts, refusal: { status: 409, code: 'payment_link_closed' } };
  const isPending = hasOpenPayment(model, link.payer, parts);
  return { parts, refusal: isPending ? { status: 409, code: 'charge_pending' } : null };
}

/** Pays what is due on the order of a link with a card. */
export function payLink(model: Model, link: Link, fate: Fate): Expected {
  const { parts, refusal } = refusePayment(model, link);
  if (refusal) return refusal;
  const lines = parts.map((part): Line => ({
    ...part,
    kind: 'balance',
    periods_count: 0,
    is_seat: false,
    coupon: null,
    item: null,
  }));
  return payLines(model, link.payer, lines, fate);
}

/** The provider collects the order of a link elsewhere, or writes it off. */
export function collect(model: Model, link: Link, kind: 'write_off' | 'offline_payment'): Expected {
  const { parts, refusal } = refusePayment(model, link);
  if (refusal) return refusal;
  const [adjustment] = settleParts(model, link.payer, kind, parts);
  link.adjustment = adjustment ?? null;
  return { status: 200 };
}

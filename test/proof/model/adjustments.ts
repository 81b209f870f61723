import type { Expected } from './checkout.ts';
import { hasOpenPayment } from './checkout.ts';
import { type Adjustment, type Model, type Plan, running } from './model.ts';
import { dueParts, type DuePart } from './quote.ts';

/** Writes off what a payer owes, or records that it was paid elsewhere; one adjustment per provider and unit. */
export function settleBalance(model: Model, payer: string, kind: 'write_off' | 'offline_payment'): Expected {
  if (model.reservations.some((each) => each.payer === payer)) return { status: 409, code: 'charge_pending' };
  const parts = dueParts(model, payer);
  if (parts.length > 0 && hasOpenPayment(model, payer, parts)) return { status: 409, code: 'charge_pending' };
  settleParts(model, payer, kind, parts);
  return { status: 204 };
}

/** Settles parts of what a payer owes without a card; returns the adjustments. */
export function settleParts(
  model: Model,
  payer: string,
  kind: 'write_off' | 'offline_payment',
  parts: readonly DuePart[],
): Adjustment[] {
  const groups = new Map<string, Adjustment>();
  for (const { subject, plan, amount } of parts) {
    const place = `${plan.provider} ${plan.unit}`;
    const group = groups.get(place) ?? newAdjustment(kind, payer, plan);
    groups.set(place, group);
    group.parts.push({ subject, amount });
  }
  for (const adjustment of groups.values()) {
    model.adjustments.push(adjustment);
    post(model, adjustment);
  }
  return [...groups.values()];
}

/** Imports a sale that was paid elsewhere, on the running subscription of a payer. */
export function importSale(model: Model, payer: string, plan: Plan, amount: number): Expected {
  const subscription = running(model, payer, plan, model.now);
  if (!subscription) return { status: 400, code: 'offline_payment_refused' };
  const { subject } = subscription;
  model.books.order({ provider: plan.provider, payer, subject, amount, unit: plan.unit });
  // The sale is paid: no later payment settles it.
  const adjustment = { ...newAdjustment('import', payer, plan), parts: [{ subject, amount }] };
  model.adjustments.push(adjustment);
  post(model, adjustment);
  return { status: 201 };
}

/** Takes an adjustment back: the payer owes again, and an imported sale never was. */
export function reverse({ books }: Model, adjustment: Adjustment): Expected {
  if (adjustment.is_reversed) return { status: 409, code: 'adjustment_reversed' };
  adjustment.is_reversed = true;
  const { kind, payer, provider, unit, parts } = adjustment;
  for (const { subject, amount } of parts) {
    if (kind === 'write_off') {
      books.move([payer, 'Canceled'], [provider, 'Receivable'], amount, unit);
      books.move([provider, 'Writeoff'], [payer, 'Liability'], amount, unit);
    } else {
      books.move([provider, 'Offline'], [payer, 'Liability'], amount, unit);
      books.move([provider, 'Receivable'], [provider, 'Backlog'], amount, unit);
    }
    books.reopen(payer, subject, amount, unit);
    if (kind === 'import') books.withdrawOrder({ provider, payer, subject, amount, unit });
  }
  return { status: 200 };
}

function newAdjustment(kind: Adjustment['kind'], payer: string, plan: Plan): Adjustment {
  return { key: '', kind, payer, provider: plan.provider, unit: plan.unit, parts: [], is_reversed: false };
}

/** @see docs/spec/billing.md 2.9 and 2.10 */
function post({ books }: Model, { kind, payer, provider, unit, parts }: Adjustment): void {
  for (const { subject, amount } of parts) {
    books.acknowledge(payer, subject, amount, unit);
    if (kind === 'write_off') {
      books.move([payer, 'Liability'], [provider, 'Writeoff'], amount, unit);
      books.move([provider, 'Receivable'], [payer, 'Canceled'], amount, unit);
    } else {
      books.move([payer, 'Liability'], [provider, 'Offline'], amount, unit);
      books.move([provider, 'Backlog'], [provider, 'Receivable'], amount, unit);
    }
    books.settle(subject, amount, unit);
  }
}

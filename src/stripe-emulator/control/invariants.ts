import { scopeName, type Context } from '../engine/index.ts';
import { balanceOf, type BalanceTransaction, type Charge, type Refund } from '../objects/index.ts';
import type { Emulator } from '../server/index.ts';

/** Returns the rules of the state that are broken, each with its object; empty when all hold. */
export function findViolations(emulator: Emulator): string[] {
  return emulator.world.scopes().flatMap((scope) => {
    const ctx = emulator.contextOf(scope);
    return [...balances(ctx), ...charges(ctx), ...eventsOf(ctx)].map((text) => `${scopeName(scope)}: ${text}`);
  });
}

/** Σ net of the balance transactions is the balance, per unit; amount − fee = net in each. */
function balances(ctx: Context): string[] {
  const found: string[] = [];
  const sums = new Map<string, number>();
  for (const value of ctx.world.all(ctx.scope, 'balance_transaction')) {
    const { id, amount, fee, net, currency } = value as BalanceTransaction; // by kind
    sums.set(currency, (sums.get(currency) ?? 0) + net);
    if (amount - fee !== net) found.push(`${id}: ${amount} - ${fee} is not ${net}`);
  }
  for (const [currency, sum] of sums) {
    const { available, pending } = balanceOf(ctx, currency);
    if (available + pending !== sum) found.push(`${currency}: the balance is ${available + pending}, the sum ${sum}`);
  }
  return found;
}

/** Refunds do not exceed the charge; fees are less than the amount. */
function charges(ctx: Context): string[] {
  return ctx.world.all(ctx.scope, 'charge').flatMap((value) => {
    const charge = value as Charge; // by kind
    const refunds = ctx.world.by(ctx.scope, 'refund', 'charge', charge.id) as Refund[]; // by kind
    const kept = refunds.filter(({ status }) => status !== 'failed' && status !== 'canceled');
    const sum = kept.reduce((total, { amount }) => total + amount, 0);
    const found: string[] = [];
    if (sum > charge.amount_captured) found.push(`${charge.id}: refunds of ${sum} exceed ${charge.amount_captured}`);
    if (sum !== charge.amount_refunded) found.push(`${charge.id}: refunds of ${sum}, not ${charge.amount_refunded}`);
    if ((charge.application_fee_amount ?? 0) >= charge.amount)
      found.push(`${charge.id}: the fee is not less than the amount`);
    return found;
  });
}

/** The object of each event exists. */
function eventsOf(ctx: Context): string[] {
  return ctx.world.all(ctx.scope, 'event').flatMap((event) => {
    const { data } = event as unknown as { data: { object: { id?: string } } }; // emit writes it
    const { id } = data.object;
    return id === undefined || ctx.world.row(id) ? [] : [`${event.id}: ${id} does not exist`];
  });
}

import { emit, planTask, type Context, type StoredObject } from '../engine/index.ts';
import { balanceOf, newObject, postMovement } from '../objects/index.ts';
import { findOwnAccount } from './accounts.ts';
import { findBankAccounts } from './bank-account.ts';

export type PayoutStatus = 'pending' | 'in_transit' | 'paid' | 'failed' | 'canceled';

/** Money on its way from an account at Stripe to a bank; negative when the bank is debited. */
export interface Payout extends StoredObject {
  readonly amount: number;
  readonly currency: string;
  readonly status: PayoutStatus;
  readonly automatic: boolean;
  readonly destination: string | null;
  readonly arrival_date: number;
  readonly reversed_by: string | null;
}

const TRANSIT_S = 3_600;
const DAY_S = 86_400;
const ARRIVAL_S = 2 * DAY_S;
/** States from which a payout reaches each state. */
const BEFORE: Readonly<Record<PayoutStatus, readonly PayoutStatus[]>> = {
  pending: [],
  in_transit: ['pending'],
  paid: ['pending', 'in_transit'],
  failed: ['pending', 'in_transit', 'paid'],
  canceled: ['pending'],
};

/** Makes a payout, books it and plans its states. Emits `payout.created`. Units: smallest unit of the currency. */
export function createPayout(
  ctx: Context,
  fields: Omit<Partial<Payout>, 'id' | 'object'> & Pick<Payout, 'amount' | 'currency'>,
): Payout {
  const { world, scope } = ctx;
  const id = world.nextId('po', scope);
  const movement = postMovement(ctx, {
    type: 'payout',
    reporting_category: fields.amount < 0 ? 'payout_reversal' : 'payout',
    amount: -fields.amount,
    currency: fields.currency,
    source: id,
    description: 'STRIPE PAYOUT',
  });
  const payout = newObject<Payout>(ctx, 'payout', 'po', {
    automatic: false,
    destination: findBankAccounts(ctx).at(-1)?.id ?? null,
    method: 'standard',
    source_type: 'card',
    type: 'bank_account',
    ...fields,
    id,
    arrival_date: world.now + ARRIVAL_S,
    balance_transaction: movement.id,
    reconciliation_status: fields.automatic ? 'in_progress' : 'not_applicable',
    status: 'pending',
    trace_id: { status: 'pending', value: null },
  });
  world.insert(scope, payout);
  emit(ctx, 'payout.created', payout);
  planTask(ctx, 'advance_payout', TRANSIT_S, { id, to: 'in_transit' });
  planTask(ctx, 'advance_payout', ARRIVAL_S, { id, to: 'paid' });
  return payout;
}

/** True when a payout in this state can reach the other one. */
export function mayReach(from: PayoutStatus, to: PayoutStatus): boolean {
  return BEFORE[to].includes(from);
}

/** Moves a payout to a state that it may reach. The money of a failed or canceled one comes back. */
export function advancePayout(ctx: Context, payout: Payout, to: PayoutStatus): Payout {
  if (!mayReach(payout.status, to)) throw new Error(`a payout that is ${payout.status} does not become ${to}`);
  const returned = to === 'failed' || to === 'canceled' ? returnMoney(ctx, payout, to) : {};
  const failure =
    to === 'failed' ? { failure_code: 'account_closed', failure_message: 'The bank account has been closed.' } : {};
  const trace = to === 'paid' ? { trace_id: { status: 'supported', value: `trace_${payout.id}` } } : {};
  const after = ctx.world.patch(payout, { status: to, ...returned, ...failure, ...trace });
  if (to === 'in_transit') emit(ctx, 'payout.updated', after, { status: payout.status });
  else emit(ctx, `payout.${to}`, after);
  if (to !== 'paid' || !payout.automatic) return after;
  const reconciled = ctx.world.patch(after, { reconciliation_status: 'completed' });
  emit(ctx, 'payout.reconciliation_completed', reconciled);
  return reconciled;
}

/** The task of a planned state: does nothing when the payout went another way. */
export function advanceWhenDue(ctx: Context, { id = '', to }: Readonly<Record<string, string>>): void {
  const payout = ctx.world.get(ctx.scope, 'payout', id) as Payout | undefined; // rows of createPayout
  if (payout && (to === 'in_transit' || to === 'paid') && mayReach(payout.status, to)) advancePayout(ctx, payout, to);
}

/** The task of an account with daily payouts: pays out what is available and plans the next day. */
export function payOutDaily(ctx: Context): void {
  const account = findOwnAccount(ctx);
  const { payouts } = account.settings as { payouts?: { schedule?: { interval?: string } } }; // newAccount
  if (payouts?.schedule?.interval !== 'daily') return;
  const currency = account.default_currency;
  const { available } = balanceOf(ctx, currency);
  if (available > 0 && account.payouts_enabled) createPayout(ctx, { amount: available, currency, automatic: true });
  planTask(ctx, 'automatic_payout', DAY_S, {});
}

function returnMoney(ctx: Context, { id, amount, currency }: Payout, to: 'failed' | 'canceled'): Partial<Payout> {
  const type = to === 'failed' ? 'payout_failure' : 'payout_cancel';
  const movement = postMovement(ctx, { type, reporting_category: 'payout_reversal', amount, currency, source: id });
  return { failure_balance_transaction: movement.id };
}

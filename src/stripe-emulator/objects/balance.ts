import {
  choice,
  defineEndpoint,
  defineRetrieve,
  integer,
  list_params,
  pageOf,
  planTask,
  scopeName,
  text,
  type Context,
  type Kind,
  type StoredObject,
} from '../engine/index.ts';
import { newObject } from './new-object.ts';

/** A movement of an account's balance; `amount − fee = net`. */
export interface BalanceTransaction extends StoredObject {
  readonly amount: number;
  readonly fee: number;
  readonly net: number;
  readonly currency: string;
  readonly source: string | null;
  readonly status: 'pending' | 'available';
  readonly type: string;
}

/** Part of a fee. */
export interface FeeDetail {
  readonly amount: number;
  readonly application: string | null;
  readonly currency: string;
  readonly description: string | null;
  readonly type: 'stripe_fee' | 'application_fee';
}

export interface Movement {
  readonly type: string;
  readonly reporting_category: string;
  readonly amount: number;
  readonly currency: string;
  readonly source: string | null;
  readonly description?: string | null;
  readonly exchange_rate?: number | null;
  readonly fee_details?: readonly FeeDetail[];
  /** Seconds until the money is available; debits are available at the same instant. */
  readonly available_in_s?: number;
}

/** Sums of one currency of an account. */
interface BalanceRow extends StoredObject {
  readonly available: number;
  readonly pending: number;
  /** Sum of the fees that the account paid. */
  readonly fees: number;
}

const DAY_S = 86_400;
/** Delay of charges in the US. */
export const AVAILABLE_IN_S = 2 * DAY_S;

/** Returns an amount in the currency in which it settles, at the rate of this instant. */
export function settle(
  { settings }: Context,
  amount: number,
  currency: string,
): { amount: number; currency: string; exchange_rate: number | null } {
  const exchange = settings.exchange_rates[currency];
  if (!exchange) return { amount, currency, exchange_rate: null };
  return { amount: Math.round(amount * exchange.rate), currency: exchange.to, exchange_rate: exchange.rate };
}

/** Books a movement: a balance transaction, and the account's sums. Refunds that wait for money are tried again. */
export function postMovement(ctx: Context, movement: Movement): BalanceTransaction {
  const { fee_details = [], available_in_s = 0, description = null, ...fields } = movement;
  const fee = fee_details.reduce((sum, { amount }) => sum + amount, 0);
  const net = movement.amount - fee;
  const transaction = newObject<BalanceTransaction>(ctx, 'balance_transaction', 'txn', {
    ...fields,
    description,
    fee,
    fee_details,
    net,
    available_on: ctx.world.now + available_in_s,
    balance_type: 'payments',
    status: available_in_s > 0 ? 'pending' : 'available',
  });
  ctx.world.insert(ctx.scope, transaction);
  addToBalance(ctx, movement.currency, { fees: fee, ...(available_in_s > 0 ? { pending: net } : { available: net }) });
  if (available_in_s > 0) planTask(ctx, 'release_movement', available_in_s, { id: transaction.id });
  if (net > 0) planTask(ctx, 'retry_refunds', 0, { currency: movement.currency });
  return transaction;
}

/** Returns the sums of a currency. */
export function balanceOf(ctx: Context, currency: string): { available: number; pending: number; fees: number } {
  const row = ctx.world.row(balanceId(ctx, currency))?.value as BalanceRow | undefined; // only addToBalance keeps it
  return { available: row?.available ?? 0, pending: row?.pending ?? 0, fees: row?.fees ?? 0 };
}

function addToBalance(
  ctx: Context,
  currency: string,
  change: { available?: number; pending?: number; fees?: number },
): void {
  const { available, pending, fees } = balanceOf(ctx, currency);
  const row: BalanceRow = {
    id: balanceId(ctx, currency),
    object: '_balance',
    scope: scopeName(ctx.scope),
    currency,
    available: available + (change.available ?? 0),
    pending: pending + (change.pending ?? 0),
    fees: fees + (change.fees ?? 0),
  };
  ctx.world.keep(row);
}

function balanceId(ctx: Context, currency: string): string {
  return `_balance:${scopeName(ctx.scope)}:${currency}`;
}

/** Every currency that the account has or had. */
function currenciesOf(ctx: Context): string[] {
  const scope = scopeName(ctx.scope);
  const found = ctx.world.internal('_balance').filter((row) => row['scope'] === scope);
  const codes = found.map((row) => String(row['currency']));
  return codes.length === 0 ? ['usd'] : codes;
}

function releaseMovement(ctx: Context, { id = '' }: Readonly<Record<string, string>>): void {
  const value = ctx.world.get(ctx.scope, 'balance_transaction', id) as BalanceTransaction | undefined;
  if (value?.status !== 'pending') return;
  ctx.world.patch(value, { status: 'available' });
  addToBalance(ctx, value.currency, { pending: -value.net, available: value.net });
}

const retrieveBalance = defineEndpoint('GET /v1/balance', {}, (call) => {
  const sums = currenciesOf(call).map((currency) => ({ currency, ...balanceOf(call, currency) }));
  const shown = (field: 'available' | 'pending') =>
    sums.map((sum) => ({ amount: sum[field], currency: sum.currency, source_types: { card: sum[field] } }));
  return {
    object: 'balance',
    available: shown('available'),
    connect_reserved: [{ amount: 0, currency: sums[0]?.currency ?? 'usd' }],
    livemode: call.scope.livemode,
    pending: shown('pending'),
  };
});

const spec = {
  ...list_params,
  type: text(100),
  source: text(255),
  payout: text(255),
  currency: text(3),
  available_on: integer(0),
  status: choice('pending', 'available'),
};
const listTransactions = (path: '/v1/balance_transactions' | '/v1/balance/history') =>
  defineEndpoint(`GET ${path}`, spec, (call, params) => {
    const { type, source, payout, currency } = params;
    const { world, scope } = call;
    const all =
      source === undefined
        ? world.all(scope, 'balance_transaction')
        : world.by(scope, 'balance_transaction', 'source', source);
    const items = all.filter(
      (item) =>
        (type === undefined || item['type'] === type) &&
        (currency === undefined || item['currency'] === currency.toLowerCase()) &&
        (payout === undefined || item['source'] === payout),
    );
    return pageOf(call, items, params);
  });

export const balance_transaction: Kind = {
  name: 'balance_transaction',
  prefix: 'txn',
  expandable: ['source'],
  tasks: { release_movement: releaseMovement },
  endpoints: [
    retrieveBalance,
    listTransactions('/v1/balance_transactions'),
    listTransactions('/v1/balance/history'),
    defineRetrieve('/v1/balance_transactions/:id', 'balance_transaction'),
    defineRetrieve('/v1/balance/history/:id', 'balance_transaction'),
  ],
};

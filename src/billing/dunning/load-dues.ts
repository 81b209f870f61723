import type { StatementBalance } from '#ledger';
import type { LedgerEntryId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import type { Profile } from '#profiles';
import { collectLines, type Invoicable } from '../records/index.ts';
import { loadBalances } from '../quotes/index.ts';
import { DUE_MIN } from './dunning-case.ts';
import type { DuePlace } from './dunning-store.ts';
import { findOrderKinds, type OrderKind } from './order-kind-store.ts';

/** What a payer owes to one provider in one unit. */
export interface Due extends DuePlace {
  /** Units: 1/100. */
  amount: number;
  /** The unpaid orders, oldest first within a subscription. */
  invoicables: readonly Invoicable[];
  subscription_ids: readonly SubscriptionId[];
  /** True if part of it is the price of plan periods, not of uses alone. */
  has_periods: boolean;
}

/** Which balances count. */
export interface DueScope {
  /** Subscriptions that renew automatically; otherwise all. */
  renewing_only: boolean;
  due?: StatementBalance;
}

/**
 * Loads what a payer owes by its own orders, one entry per provider and unit. Excludes orders that wait for their
 * payment link: the payer was promised to pay them later.
 */
export async function loadDues(
  reader: Reader,
  payer: Profile,
  at: Date,
  { renewing_only, due }: DueScope,
): Promise<Due[]> {
  const balances = await loadBalances(reader, payer, at, { own_only: true, by_order: true, ...(due ? { due } : {}) });
  const counted = balances.filter(
    ({ subscription }) => subscription !== null && (!renewing_only || subscription.auto_renew),
  );
  const kinds = await findOrderKinds(
    reader,
    collectLines(counted).flatMap(({ entry_id }) => entry_id ?? []),
  );
  return groupDues(payer.id, counted, kinds);
}

/** Groups balances by provider and unit. Pure. */
export function groupDues(
  profile_id: ProfileId,
  balances: readonly Invoicable[],
  kinds: ReadonlyMap<LedgerEntryId, OrderKind>,
): Due[] {
  const dues = new Map<string, { place: DuePlace; invoicables: Invoicable[] }>();
  for (const balance of balances) {
    const lines = balance.lines.filter(
      ({ entry_id, amount }) => amount > 0 && (entry_id === null || kinds.get(entry_id)?.has_link !== true),
    );
    for (const [key, own] of Map.groupBy(lines, ({ provider_id, unit }) => `${provider_id} ${unit}`)) {
      const [line] = own;
      if (!line) continue;
      const place = { profile_id, provider_id: line.provider_id, unit: line.unit };
      const due = dues.get(key) ?? { place, invoicables: [] };
      dues.set(key, due);
      due.invoicables.push({ ...balance, lines: own });
    }
  }
  return [...dues.values()].map(({ place, invoicables }) => {
    const lines = collectLines(invoicables);
    return {
      ...place,
      invoicables,
      amount: lines.reduce((sum, { amount }) => sum + amount, 0),
      subscription_ids: invoicables.flatMap(({ subscription }) => subscription?.id ?? []),
      has_periods: lines.some(({ entry_id }) => entry_id !== null && (kinds.get(entry_id)?.kind ?? 'use') !== 'use'),
    };
  });
}

/** True if an amount is charged automatically; a smaller one stays due. */
export function isChargeable({ amount }: Pick<Due, 'amount'>): boolean {
  return amount >= DUE_MIN;
}

/** Returns the due of a place; undefined if nothing is due there. */
export function dueAt(dues: readonly Due[], { provider_id, unit }: Omit<DuePlace, 'profile_id'>): Due | undefined {
  return dues.find((due) => due.provider_id === provider_id && due.unit === unit);
}

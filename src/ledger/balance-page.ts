import type { Money } from '#kernel/money';
import type { ListQuery, Page } from '#kernel/page';
import { mainAmount } from './balance.ts';

/** The range of instants that a list covers: up to now unless it says otherwise. */
export interface Range {
  /** The list with both bounds set; what happened at this very instant is in. */
  list: ListQuery;
  start_at: string | null;
  ends_at: string;
}

/** Bounds a list that goes up to now. An explicit `ends_at` is exclusive. */
export function upToNow(list: ListQuery, now: Date): Range {
  return {
    list: { ...list, ends_at: list.ends_at ?? new Date(now.getTime() + 1) },
    start_at: list.start_at?.toISOString() ?? null,
    ends_at: (list.ends_at ?? now).toISOString(),
  };
}

/** The last instant that a bounded list covers. */
export function lastInstant(list: ListQuery, now: Date): Date {
  return list.ends_at ? new Date(list.ends_at.getTime() - 1) : now;
}

/** A page of a list that amounts to something. */
export interface BalancePage<T> extends Page<T> {
  start_at: string | null;
  ends_at: string;
  balance_amount: number;
  balance_unit: string;
  balances: Money[];
}

/** Puts the balance before a page. */
export function withBalance<T>(page: Page<T>, { start_at, ends_at }: Range, balances: Money[]): BalancePage<T> {
  const { amount, unit } = mainAmount(balances);
  return { start_at, ends_at, balance_amount: amount, balance_unit: unit, balances, ...page };
}

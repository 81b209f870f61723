import type { Money } from '#kernel/money';
import type { ListQuery, Page } from '#kernel/page';
import { selectMainAmount } from './balance.ts';

/** Range of instants of a list. */
export interface Range {
  /** The list with an upper bound. */
  list: ListQuery;
  start_at: string | null;
  ends_at: string;
}

/** Bounds a list: up to now (inclusive) by default; an explicit `ends_at` is exclusive. */
export function boundToNow(list: ListQuery, now: Date): Range {
  return {
    list: { ...list, ends_at: list.ends_at ?? new Date(now.getTime() + 1) },
    start_at: list.start_at?.toISOString() ?? null,
    ends_at: (list.ends_at ?? now).toISOString(),
  };
}

/** Returns the last instant (inclusive) of a bounded list. */
export function lastInstant(list: ListQuery, now: Date): Date {
  return list.ends_at ? new Date(list.ends_at.getTime() - 1) : now;
}

/** A page of a list with the balance of the whole list. */
export interface BalancePage<T> extends Page<T> {
  start_at: string | null;
  ends_at: string;
  balance_amount: number;
  balance_unit: string;
  balances: Money[];
}

/** Adds the balance of the whole list to a page. */
export function addBalance<T>(page: Page<T>, { start_at, ends_at }: Range, balances: Money[]): BalancePage<T> {
  const { amount, unit } = selectMainAmount(balances);
  return { start_at, ends_at, balance_amount: amount, balance_unit: unit, balances, ...page };
}

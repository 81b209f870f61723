import type { ChangeMode, Plan } from '#catalog';
import type { PeriodType } from '#kernel/period';
import type { Fraction } from '#kernel/position';

/** Whether the plan entered is worth more than the plan left. */
export type Direction = 'upgrade' | 'downgrade' | 'crossgrade';

/** Facts of a plan that decide the direction of a change and its mode. */
export type ComparedPlan = Pick<
  Plan,
  'period_amount' | 'period_type' | 'period_length' | 'tier' | 'upgrade_mode' | 'downgrade_mode' | 'crossgrade_mode'
>;

/** Periods in a year, as an exact fraction. */
const perYear: Readonly<Record<PeriodType, Fraction>> = {
  yearly: { numerator: 1n, denominator: 1n },
  monthly: { numerator: 12n, denominator: 1n },
  weekly: { numerator: 365n, denominator: 7n },
  daily: { numerator: 365n, denominator: 1n },
  hourly: { numerator: 8760n, denominator: 1n },
};

/** Returns what a quantity of a plan costs in a year at its list price: an exact fraction in 1/100 of the unit. */
export function yearlyValue(
  { period_amount, period_type, period_length }: Pick<Plan, 'period_amount' | 'period_type' | 'period_length'>,
  quantity: number,
): Fraction {
  const { numerator, denominator } = perYear[period_type];
  return {
    numerator: BigInt(period_amount) * BigInt(quantity) * numerator,
    denominator: BigInt(period_length) * denominator,
  };
}

/** Returns true if a quantity of a plan costs more in a year than another one. */
export function costsMore(
  a: { plan: Parameters<typeof yearlyValue>[0]; quantity: number },
  b: { plan: Parameters<typeof yearlyValue>[0]; quantity: number },
): boolean {
  const [one, other] = [yearlyValue(a.plan, a.quantity), yearlyValue(b.plan, b.quantity)];
  return one.numerator * other.denominator > other.numerator * one.denominator;
}

/**
 * Returns the direction of a change. The tiers decide alone when both plans have one, unless the plan stays the same
 * and the quantity changes.
 */
export function changeDirection(
  from: { plan: ComparedPlan; quantity: number },
  to: { plan: ComparedPlan; quantity: number },
  is_same_plan: boolean,
): Direction {
  if (is_same_plan) return directionOf(BigInt(to.quantity - from.quantity));
  if (from.plan.tier !== null && to.plan.tier !== null) return directionOf(BigInt(to.plan.tier - from.plan.tier));
  const [old_value, new_value] = [yearlyValue(from.plan, from.quantity), yearlyValue(to.plan, to.quantity)];
  return directionOf(new_value.numerator * old_value.denominator - old_value.numerator * new_value.denominator);
}

function directionOf(difference: bigint): Direction {
  return difference > 0n ? 'upgrade' : difference < 0n ? 'downgrade' : 'crossgrade';
}

/** Returns the mode that a plan sets for entering it in a direction. */
export function offeredMode(plan: ComparedPlan, direction: Direction): ChangeMode {
  return plan[`${direction}_mode`];
}

export interface WantedMode {
  /** Chosen by the caller; null: as the mode says. */
  at: 'now' | 'period_end' | null;
  /** Chosen by a manager of the provider; null: the mode of the plan entered. */
  mode: ChangeMode | null;
}

export type ModeRefusal = 'change_not_offered' | 'change_at_period_end_only';

/**
 * Returns the mode of a change, or the reason why it is not offered. A subscriber may always wait for the end of the
 * period, unless the plan refuses the change.
 */
export function chooseMode(
  offered: ChangeMode,
  { at, mode: given }: WantedMode,
): { mode: Exclude<ChangeMode, 'refused'> } | { refusal: ModeRefusal } {
  const mode = given ?? offered;
  if (mode === 'refused') return { refusal: 'change_not_offered' };
  if (at === 'period_end') return { mode: 'period_end' };
  if (at === 'now' && mode === 'period_end') return { refusal: 'change_at_period_end_only' };
  return { mode };
}

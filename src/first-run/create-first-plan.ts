import { createPlan } from '#catalog';
import { currencyCodes, isCurrency, parseDecimal } from '#kernel/money';
import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';

export const planPeriods = ['monthly', 'yearly', 'weekly'] as const;

/** Currencies that the form lists first. */
const common = ['usd', 'eur', 'gbp', 'cad', 'aud', 'jpy', 'chf', 'inr', 'brl', 'mxn'];

/** Returns the codes of all currencies, the common ones first. */
export function listedCurrencies(): string[] {
  return [...common, ...currencyCodes().filter((code) => !common.includes(code))];
}

export interface FirstPlan {
  title: string;
  /** Decimal text as entered. */
  price: string;
  unit: string;
  period_type: string;
}

/**
 * Creates an active plan of the broker, which is offered immediately.
 * @throws invalid_input (400) naming `plan_title`, `price`, `unit` and `period_type`
 */
export async function createFirstPlan(ctx: Context, input: FirstPlan): Promise<void> {
  const errors: Record<string, string[]> = {};
  const amount = parseDecimal(input.price.replace(',', '.'));
  const period_type = planPeriods.find((period) => period === input.period_type);
  if (input.title === '') errors['plan_title'] = ['Enter a name, such as Basic.'];
  if (amount === null || amount < 0 || amount > AMOUNT_MAX) errors['price'] = ['Enter an amount, such as 20.00.'];
  if (!isCurrency(input.unit)) errors['unit'] = ['Choose a currency.'];
  if (period_type === undefined) errors['period_type'] = ['Choose a billing period.'];
  if (amount === null || period_type === undefined || Object.keys(errors).length > 0) throw invalidInput(errors);
  const { title, unit } = input;
  await createPlan(
    ctx,
    ctx.site.broker_id,
    { title, period_amount: amount, unit, period_type, is_active: true },
    'broker',
  );
}

/** Units: 1/100 of the currency. */
const AMOUNT_MAX = 100_000_000;

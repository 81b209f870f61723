import { formatMoney } from '#kernel/money';
import type { Charge } from '../records/index.ts';
import type { ChargeBody } from './schemas.ts';

export function presentCharge(charge: Charge, detail?: string, lang?: string): ChargeBody {
  const { amount, unit, description, exp_date, processor_key, state } = charge;
  return {
    created_at: charge.created_at.toISOString(),
    amount,
    unit,
    readable_amount: formatMoney({ amount, unit }, lang),
    description,
    last4: charge.last4 ?? '',
    exp_date,
    processor_key,
    state,
    ...(detail === undefined ? {} : { detail }),
  };
}

import { formatMoney } from '#kernel/money';
import type { PaymentLink } from '../records/index.ts';

/** Presents the order of a link with the members of a charge. `done` once nothing is due. */
export function presentLink(
  { claim_code, amount, unit, created_at }: Pick<PaymentLink, 'claim_code' | 'amount' | 'unit' | 'created_at'>,
  state: 'created' | 'done',
  lang?: string,
) {
  return {
    claim_code,
    created_at: created_at.toISOString(),
    amount,
    unit,
    readable_amount: formatMoney({ amount, unit }, lang),
    description: 'Order to be paid later',
    last4: '',
    exp_date: null,
    processor_key: null,
    state,
  };
}

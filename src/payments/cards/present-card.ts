import type { PaymentMethod } from './payment-method-store.ts';
import type { CardBody } from './schemas.ts';

/** Presents the card on file; an empty object if there is none. */
export function presentCard(card: PaymentMethod | undefined): CardBody {
  if (!card) return {};
  const [year = '', month = ''] = card.exp_date.split('-');
  return { last4: card.last4, exp_date: `${month}/${year}` };
}

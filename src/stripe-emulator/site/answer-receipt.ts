import type { Charge } from '../objects/index.ts';
import { formatAmount, makeErrorPage, renderReceipt, type PageResponse } from '../pages/index.ts';
import type { Emulator } from '../server/index.ts';
import { merchantOf } from './merchant.ts';
import { findPlaced } from './page-work.ts';

/** Shows the receipt of a charge. */
export function answerReceipt(emulator: Emulator, id: string): PageResponse {
  const place = findPlaced(emulator, id, ['charge']);
  if (!place || place.value['paid'] !== true) return makeErrorPage(404, 'Not found', 'There is no such receipt.');
  const charge = place.value as Charge; // kind of the row
  const method = place.ctx.world.row(charge.payment_method ?? '')?.value;
  const { last4 = '' } = (method?.['card'] ?? {}) as { last4?: string }; // card-input.ts
  return renderReceipt({
    charge: charge.id,
    merchant: merchantOf(place.ctx),
    amount: formatAmount(charge.amount, charge.currency),
    refunded: charge.amount_refunded > 0 ? formatAmount(charge.amount_refunded, charge.currency) : null,
    last4,
    at: new Date(Number(charge.created) * 1000).toISOString().slice(0, 10),
  });
}

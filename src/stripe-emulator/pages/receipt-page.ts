import { makePage, type PageResponse } from './document.ts';
import { html } from './html.ts';

/** Returns the receipt of a charge. */
export function renderReceipt(receipt: {
  charge: string;
  merchant: string;
  amount: string;
  refunded: string | null;
  last4: string;
  at: string;
}): PageResponse {
  return makePage({
    title: `Receipt from ${receipt.merchant}`,
    body: html`<main>
      <h1>Receipt from ${receipt.merchant}</h1>
      <p>${receipt.amount}, paid on ${receipt.at} with the card ending in ${receipt.last4}.</p>
      ${receipt.refunded !== null && html`<p>Refunded: ${receipt.refunded}.</p>`}
      <p class="note">Payment ${receipt.charge}</p>
    </main>`,
  });
}

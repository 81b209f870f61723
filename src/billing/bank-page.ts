import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';

const sample = { back_url: '/billing/ada/checkout/', finish_url: paths.finishPayment() };

/** Page that leads to the bank of the payer, which confirms a payment or a card to keep. */
export const bankPage = definePage(
  'saas/billing/bank_confirm.html',
  Type.Object({
    /** Page of the bank; null if the processor names none. */
    bank_url: Type.Union([Type.String(), Type.Null()]),
    /** Page from which the payment began. */
    back_url: Type.String(),
    /** Finishes the payment that waits; a POST ends it unpaid. Null for a card to keep: nothing waits. */
    finish_url: Type.Union([Type.String(), Type.Null()]),
  }),
  {
    typical: { ...sample, bank_url: 'https://bank.example.com/confirm' },
    no_page: { ...sample, bank_url: null },
    card: { bank_url: 'https://bank.example.com/confirm', back_url: '/billing/ada/card/', finish_url: null },
  },
);

import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';

/** Page that leads to the bank of the payer, which confirms a payment. */
export const bankPage = definePage(
  'saas/billing/bank_confirm.html',
  Type.Object({
    /** Page of the bank; null if the processor names none. */
    bank_url: Type.Union([Type.String(), Type.Null()]),
    /** Page from which the payment began. */
    back_url: Type.String(),
  }),
  {
    typical: { bank_url: 'https://bank.example.com/confirm', back_url: '/billing/ada/checkout/' },
    no_page: { bank_url: null, back_url: '/billing/ada/checkout/' },
  },
);

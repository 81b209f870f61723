import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';

const sample = {
  back_url: '/billing/ada/checkout/',
  finish_url: paths.finishPayment(),
  is_hosted: false,
  is_order: true,
};

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
    /** True if the payer enters the card on a page of the processor: `bank_url` is that page. */
    is_hosted: Type.Boolean(),
    /** False if the payment only settles what is due. */
    is_order: Type.Boolean(),
  }),
  {
    typical: { ...sample, bank_url: 'https://bank.example.com/confirm' },
    no_page: { ...sample, bank_url: null },
    hosted: { ...sample, bank_url: 'https://checkout.example.com/pay', is_hosted: true },
    card: {
      bank_url: 'https://bank.example.com/confirm',
      back_url: '/billing/ada/card/',
      finish_url: null,
      is_hosted: false,
      is_order: true,
    },
    due: { ...sample, bank_url: 'https://bank.example.com/confirm', is_order: false },
  },
);

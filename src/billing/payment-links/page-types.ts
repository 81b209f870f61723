import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { MoneyPart, refusedFormParts } from '../page-parts.ts';
import { orderParts, orderSamples } from '../quotes/index.ts';

const PaymentData = Type.Object({
  ...orderParts,
  /** Name of the profile that owes the order. */
  payer_name: Type.String(),
  seller_name: Type.String(),
  /** Amount of the whole order. */
  order_price: MoneyPart,
  is_paid: Type.Boolean(),
  /** True if the form sends the fields of the card to Tollgate, as the test processor does. */
  test_cards: Type.Boolean(),
  ...refusedFormParts,
  form: Type.Optional(Type.Object({ card_name: Type.String() })),
});

const head = {
  payer_name: 'Ada Lovelace',
  seller_name: 'Coworking Space',
  order_price: { amount: 2900, unit: 'usd' },
  is_paid: false,
  test_cards: true,
};

/** The page that pays an order by a link, without an account. */
export const paymentLinkPage = definePage(
  'saas/billing/payment.html',
  PaymentData,
  {
    typical: { ...head, ...orderSamples.typical },
    paid: { ...head, ...orderSamples.empty, is_paid: true },
    long: {
      ...head,
      ...orderSamples.typical,
      payer_name: 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft '.repeat(2).trim(),
    },
    error: {
      ...head,
      ...orderSamples.typical,
      detail: 'The payment did not go through',
      errors: { card_number: ['Your card was declined. You were not charged. Use another card.'] },
      form: { card_name: 'Ada Lovelace' },
    },
  },
  { as: 'visitor' },
);

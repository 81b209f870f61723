import { type Static, Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import {
  cardElementSample,
  cardFormParts,
  cardFormSample,
  MoneyPart,
  PayerPart,
  payerSample,
  refusedFormParts,
  SavedCardPart,
  savedCardSample,
} from '../page-parts.ts';
import { orderParts, orderSamples } from '../quotes/index.ts';

/** Members of the pages with a payment form. */
const PaymentParts = Type.Object({
  profile: PayerPart,
  ...orderParts,
  /** Sum of the order before credit. */
  order_total: MoneyPart,
  /** What credit pays; `lines_price` is the rest. Null without credit. */
  credit_used: Type.Union([MoneyPart, Type.Null()]),
  /** Pages that pay the balance of one plan, for an order in several currencies. */
  due_apart: Type.Array(Type.Object({ name: Type.String(), href: Type.String() })),
  /** Address that gets the receipt, or null. */
  receipt_email: Type.Union([Type.String(), Type.Null()]),
  card: SavedCardPart,
  ...cardFormParts,
  /** True if a trial begins that asks for a card: a card is put on file and charged at the end of the trial. */
  asks_card: Type.Boolean(),
  /** True if the buyer may order without paying. */
  may_pay_later: Type.Boolean(),
  ...refusedFormParts,
  form: Type.Optional(
    Type.Object({
      card_name: Type.String(),
      use_card: Type.String(),
      remember_card: Type.Boolean(),
      code: Type.Optional(Type.String()),
    }),
  ),
});

const head = {
  profile: payerSample,
  due_apart: [],
  receipt_email: 'ada@example.com',
  card: savedCardSample,
  ...cardFormSample,
  asks_card: false,
  may_pay_later: false,
  credit_used: null,
};
const due_apart = [{ name: 'Basic', href: '/billing/ada/balance/basic/' }];
const ofOrder = <Order extends { lines_price: Static<typeof MoneyPart> }>(order: Order) => ({
  ...head,
  ...order,
  order_total: order.lines_price,
});
const samples = {
  typical: { ...ofOrder(orderSamples.typical) },
  pay_later: { ...ofOrder(orderSamples.typical), may_pay_later: true },
  choices: { ...ofOrder(orderSamples.choices) },
  seats: { ...ofOrder(orderSamples.seats) },
  script: { ...ofOrder(orderSamples.typical), test_cards: false, card_element: cardElementSample },
  credit: {
    ...ofOrder(orderSamples.typical),
    credit_used: { amount: 900, unit: 'usd' },
    lines_price: { amount: 2000, unit: 'usd' },
  },
  credit_only: {
    ...ofOrder(orderSamples.typical),
    credit_used: { amount: 2900, unit: 'usd' },
    lines_price: { amount: 0, unit: 'usd' },
  },
  trial: { ...ofOrder(orderSamples.trial), card: null, asks_card: true },
  trial_on_file: { ...ofOrder(orderSamples.trial), asks_card: true },
  first_card: { ...ofOrder(orderSamples.typical), card: null },
  currencies: { ...ofOrder(orderSamples.currencies), due_apart },
  empty: { ...ofOrder(orderSamples.empty) },
  error: {
    ...ofOrder(orderSamples.typical),
    detail: 'The payment did not go through',
    errors: { card_number: ['Your card was declined. You were not charged. Use another card.'] },
    form: { card_name: 'Ada Lovelace', use_card: 'new', remember_card: true },
  },
};

export const checkoutPage = definePage('saas/billing/checkout.html', PaymentParts, samples);

export const balancePage = definePage('saas/billing/balance.html', PaymentParts, samples);

/** Page types of this sub-room. */
export const checkoutPageTypes = [checkoutPage, balancePage];

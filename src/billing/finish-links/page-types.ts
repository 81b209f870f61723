import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { longText } from '#platform/pages/pieces/hostile-text';
import { cardElementSample, cardFormParts, cardFormSample, MoneyPart, refusedFormParts } from '../page-parts.ts';

const sample = {
  seller_name: 'Coworking Space',
  state: 'due' as const,
  money: { amount: 9000, unit: 'usd' },
  last4: '4242',
  ...cardFormSample,
};
const ended = { ...sample, money: null, last4: null };

/** The page that pays and confirms a renewal by the link of a mail, without signing in. It names no payer. */
export const finishPage = definePage(
  'saas/billing/finish.html',
  Type.Object({
    seller_name: Type.String(),
    state: Type.Enum(['due', 'waiting', 'pending', 'paid', 'expired']),
    /** What is due, or what the payment that waits or is done takes; null when nothing is. */
    money: Type.Union([MoneyPart, Type.Null()]),
    /** Of the card on file that can pay; null without one. */
    last4: Type.Union([Type.String(), Type.Null()]),
    ...cardFormParts,
    ...refusedFormParts,
    form: Type.Optional(Type.Object({ card_name: Type.String(), use_card: Type.String() })),
  }),
  {
    typical: sample,
    processor: { ...sample, test_cards: false, card_element: cardElementSample },
    no_card: { ...sample, last4: null },
    waiting: { ...sample, state: 'waiting', last4: null },
    pending: { ...sample, state: 'pending', last4: null },
    paid: { ...ended, state: 'paid', money: sample.money },
    nothing_due: { ...ended, state: 'paid' },
    expired: { ...ended, state: 'expired' },
    error: {
      ...sample,
      detail: 'The payment did not go through',
      errors: { card_number: ['Your card was declined. You were not charged. Use another card.'] },
      form: { card_name: 'Ada Lovelace', use_card: 'new' },
    },
    long: { ...sample, seller_name: longText, money: { amount: 987_654_321_012, unit: 'usd' } },
  },
  { as: 'visitor' },
);

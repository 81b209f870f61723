import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { PayerPart, payerSample, refusedFormParts, SavedCardPart, savedCardSample } from '../page-parts.ts';

export const cardPage = definePage(
  'saas/billing/card.html',
  Type.Object({
    profile: PayerPart,
    card: SavedCardPart,
    /** False for a caller who only reads. */
    may_edit: Type.Boolean(),
    /** True if the form sends the fields of the card to Tollgate, as the test processor does. */
    test_cards: Type.Boolean(),
    ...refusedFormParts,
    form: Type.Optional(Type.Object({ card_name: Type.String() })),
  }),
  {
    typical: { profile: payerSample, card: savedCardSample, may_edit: true, test_cards: true },
    read_only: { profile: payerSample, card: savedCardSample, may_edit: false, test_cards: true },
    empty: { profile: payerSample, card: null, may_edit: true, test_cards: true },
    error: {
      profile: payerSample,
      card: null,
      may_edit: true,
      test_cards: true,
      detail: '',
      errors: { card_number: ['Enter the number on the card: 12 to 19 digits.'] },
      form: { card_name: 'Ada Lovelace' },
    },
  },
);

/** Page types of this sub-room. */
export const cardPageTypes = [cardPage];

import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import {
  cardFormParts,
  cardFormSample,
  PayerPart,
  payerSample,
  refusedFormParts,
  SavedCardPart,
  savedCardSample,
} from '../page-parts.ts';

const sample = {
  profile: payerSample,
  card: savedCardSample,
  may_edit: true,
  consent: null,
  ...cardFormSample,
  back_url: null,
};

export const cardPage = definePage(
  'saas/billing/card.html',
  Type.Object({
    profile: PayerPart,
    card: SavedCardPart,
    /** False for a caller who only reads. */
    may_edit: Type.Boolean(),
    /** The consent to charges that a provider causes; null for a caller who cannot give it. */
    consent: Type.Union([Type.Object({ is_given: Type.Boolean() }), Type.Null()]),
    ...cardFormParts,
    /** Page that led here, to which a saved card leads back; null without one. */
    back_url: Type.Union([Type.String(), Type.Null()]),
    ...refusedFormParts,
    form: Type.Optional(Type.Object({ card_name: Type.String() })),
  }),
  {
    typical: { ...sample, consent: { is_given: false } },
    consented: { ...sample, consent: { is_given: true } },
    read_only: { ...sample, may_edit: false },
    empty: { ...sample, card: null },
    from_page: { ...sample, card: null, back_url: '/billing/ada/dunning/' },
    error: {
      ...sample,
      card: null,
      detail: '',
      errors: { card_number: ['Enter the number on the card: 12 to 19 digits.'] },
      form: { card_name: 'Ada Lovelace' },
    },
  },
);

/** Page types of this sub-room. */
export const cardPageTypes = [cardPage];

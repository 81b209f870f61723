import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { PayerPart, payerSample, refusedFormParts } from '../page-parts.ts';
import { orderParts, orderSamples } from '../quotes/index.ts';

const codeForm = { form: Type.Optional(Type.Object({ code: Type.String() })) };
const NullableText = Type.Union([Type.String(), Type.Null()]);

const suggestedSample = {
  slug: 'premium',
  title: 'Premium',
  description: 'Fifty seats',
  price: '$99.00',
  is_not_priced: false,
};

const head = { profile: payerSample, remembered: null, suggested: null, continue_url: '/billing/ada/checkout/' };

export const cartPage = definePage(
  'saas/billing/cart.html',
  Type.Object({
    profile: PayerPart,
    ...orderParts,
    /** Code entered before a plan that it applies to was added. */
    remembered: NullableText,
    /** Plan that the link to the cart names, if the cart does not contain it. */
    suggested: Type.Union([
      Type.Object({
        slug: Type.String(),
        title: Type.String(),
        description: Type.String(),
        price: Type.String(),
        is_not_priced: Type.Boolean(),
      }),
      Type.Null(),
    ]),
    continue_url: Type.String(),
    ...refusedFormParts,
    ...codeForm,
  }),
  {
    typical: { ...head, ...orderSamples.typical },
    undecided: { ...head, ...orderSamples.undecided },
    long: { ...head, ...orderSamples.long },
    empty: { ...head, ...orderSamples.empty, remembered: 'SPRING' },
    suggested: { ...head, ...orderSamples.empty, suggested: suggestedSample },
    error: {
      ...head,
      ...orderSamples.typical,
      detail: '',
      errors: { code: ['No items can be discounted using this coupon: AUTUMN.'] },
      form: { code: 'AUTUMN' },
    },
  },
);

export const cartPeriodsPage = definePage(
  'saas/billing/cart-periods.html',
  Type.Object({ profile: PayerPart, ...orderParts }),
  {
    typical: { profile: payerSample, ...orderSamples.undecided },
    empty: { profile: payerSample, ...orderSamples.empty },
  },
);

export const redeemPage = definePage(
  'saas/redeem.html',
  Type.Object({ is_seat: Type.Optional(Type.Boolean()), ...refusedFormParts, ...codeForm }),
  {
    typical: { form: { code: '' }, is_seat: false },
    seat: { form: { code: '0123456789abcdef0123456789abcdef01234567' }, is_seat: true },
    error: {
      form: { code: 'AUTUMN' },
      detail: '',
      errors: { code: ['No items can be discounted using this coupon: AUTUMN.'] },
    },
  },
);

/** Page types of this sub-room. */
export const cartPageTypes = [cartPage, cartPeriodsPage, redeemPage];

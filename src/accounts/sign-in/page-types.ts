import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { ChosenOfferPart, chosenOfferSample } from '#platform/pages/chosen-offer';
import { EmptyForm, formParts, unrefusedForm } from '../page-parts.ts';

export const signInPage = definePage(
  'login/index.html',
  Type.Object({
    form: Type.Object({ username: Type.String() }),
    ...formParts,
    registration_enabled: Type.Boolean(),
    chosen: ChosenOfferPart,
  }),
  {
    typical: { form: { username: '' }, ...unrefusedForm, registration_enabled: true, chosen: null },
    chosen: { form: { username: '' }, ...unrefusedForm, registration_enabled: true, chosen: chosenOfferSample },
    error: {
      form: { username: 'xia' },
      errors: {},
      detail: 'These credentials do not match an account.',
      registration_enabled: true,
      chosen: null,
    },
    required: {
      form: { username: '' },
      errors: { username: ['This field is required.'], password: ['This field is required.'] },
      detail: '',
      registration_enabled: false,
      chosen: null,
    },
  },
);

export const codePage = definePage(
  'login/otp.html',
  Type.Object({
    /** Encrypted state of the sign-in; the form sends it back unchanged. */
    step: Type.String(),
    channel: Type.Union([Type.Literal('otp_code'), Type.Literal('email_code'), Type.Literal('phone_code')]),
    form: EmptyForm,
    ...formParts,
  }),
  {
    typical: { step: 'v1.sealed', channel: 'otp_code', form: {}, ...unrefusedForm },
    phone: { step: 'v1.sealed', channel: 'phone_code', form: {}, ...unrefusedForm },
    error: {
      step: 'v1.sealed',
      channel: 'email_code',
      form: {},
      errors: { code: ['This code is wrong or no longer valid.'] },
      detail: '',
    },
  },
);

export const signInDisabledPage = definePage('login/disabled.html', Type.Object({ reason: Type.Literal('login') }), {
  typical: { reason: 'login' },
});

export const signOutPage = definePage('login/logout.html', Type.Object({}), { typical: {} });

export const signInPageTypes = [signInPage, codePage, signInDisabledPage, signOutPage] as const;

import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { ChosenOfferPart, chosenOfferSample } from '#platform/pages/chosen-offer';
import { form_parts, unrefused_form } from '../page-parts.ts';

const typical = {
  form: { full_name: '', email: '', username: '', organization_name: '' },
  with_organization: true,
  password_length_min: 8,
  chosen: null,
  ...unrefused_form,
};

export const registrationPage = definePage(
  'login/personal.html',
  Type.Object({
    form: Type.Object({
      full_name: Type.String(),
      email: Type.String(),
      username: Type.String(),
      organization_name: Type.String(),
    }),
    /** True if the form has a field for the name of an organization. */
    with_organization: Type.Boolean(),
    password_length_min: Type.Integer(),
    /** What the visitor chose to buy. */
    chosen: ChosenOfferPart,
    ...form_parts,
  }),
  {
    typical,
    chosen: { ...typical, chosen: chosenOfferSample },
    error: {
      ...typical,
      form: { full_name: 'Xia Lee', email: 'xia@', username: 'xia', organization_name: 'Acme' },
      errors: { email: ['Enter an e-mail address.'], new_password: ['This field is required.'] },
    },
  },
);

export const registrationDisabledPage = definePage(
  'login/disabled.html',
  Type.Object({ reason: Type.Literal('registration') }),
  { typical: { reason: 'registration' } },
);

export const registrationPageTypes = [registrationPage, registrationDisabledPage] as const;

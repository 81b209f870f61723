import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { formParts, NullableText, unrefusedForm } from '../page-parts.ts';

export const recoverPage = definePage(
  'login/recover.html',
  Type.Object({
    form: Type.Object({ email: Type.Optional(Type.String()) }),
    ...formParts,
    /** True after a request, for known and unknown addresses. */
    sent: Type.Boolean(),
  }),
  {
    typical: { form: {}, ...unrefusedForm, sent: false },
    sent: { form: {}, ...unrefusedForm, sent: true },
    error: {
      form: { email: 'xia@' },
      errors: { email: ['Enter an e-mail address or a phone number.'] },
      detail: '',
      sent: false,
    },
  },
);

const ValidLink = Type.Object({
  email: NullableText,
  needs_name: Type.Boolean(),
  needs_password: Type.Boolean(),
  needs_otp: Type.Boolean(),
  /** True once a code was sent to the phone. */
  needs_phone_code: Type.Boolean(),
  has_api_keys: Type.Boolean(),
  password_length_min: Type.Integer(),
  valid: Type.Literal(true),
  form: Type.Object({ full_name: Type.String() }),
  ...formParts,
});
const InvalidLink = Type.Object({ valid: Type.Literal(false), form: Type.Object({}), ...formParts });

export const linkPage = definePage('login/verification_key.html', Type.Union([ValidLink, InvalidLink]), {
  typical: {
    valid: true,
    email: 'xia@example.com',
    needs_name: false,
    needs_password: true,
    needs_otp: false,
    needs_phone_code: false,
    has_api_keys: false,
    password_length_min: 8,
    form: { full_name: '' },
    ...unrefusedForm,
  },
  invited: {
    valid: true,
    email: null,
    needs_name: true,
    needs_password: true,
    needs_otp: false,
    needs_phone_code: false,
    has_api_keys: false,
    password_length_min: 8,
    form: { full_name: '' },
    ...unrefusedForm,
  },
  error: {
    valid: true,
    email: 'xia@example.com',
    needs_name: false,
    needs_password: true,
    needs_otp: true,
    needs_phone_code: true,
    has_api_keys: true,
    password_length_min: 12,
    form: { full_name: 'Xia Lee' },
    errors: {
      new_password2: ['The two passwords are not the same.'],
      phone_code: ['This code is wrong or no longer valid.'],
    },
    detail: '',
  },
  invalid: { valid: false, form: {}, ...unrefusedForm },
});

export const recoveryPageTypes = [recoverPage, linkPage] as const;

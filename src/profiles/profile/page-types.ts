import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { form_parts, organizationDetailSample, unrefused_form } from '../page-parts.ts';
import { ProfileDetailSchema } from '../schemas.ts';

const Options = Type.Array(Type.Object({ value: Type.String(), label: Type.String() }));

const form = {
  full_name: 'Acme Incorporated',
  email: 'billing@acme.example.com',
  phone: '',
  street_address: '1 Main Street',
  locality: 'Springfield',
  region: 'IL',
  postal_code: '62701',
  country: 'US',
  default_timezone: 'America/Chicago',
};

const typical = {
  profile: organizationDetailSample,
  may_edit: true,
  may_set_flags: false,
  countries: [
    { value: 'FR', label: 'France' },
    { value: 'US', label: 'United States' },
  ],
  timezones: [
    { value: 'America/Chicago', label: 'America/Chicago' },
    { value: 'Europe/Paris', label: 'Europe/Paris' },
  ],
  form,
  own_user: null,
  ...unrefused_form,
};

export const contactDetailsPage = definePage(
  'saas/profile/index.html',
  Type.Object({
    profile: ProfileDetailSchema,
    may_edit: Type.Boolean(),
    /** True for managers of the broker, who set the flags of providers and bulk buyers. */
    may_set_flags: Type.Boolean(),
    countries: Options,
    timezones: Options,
    form: Type.Object({
      full_name: Type.String(),
      email: Type.String(),
      phone: Type.String(),
      street_address: Type.String(),
      locality: Type.String(),
      region: Type.String(),
      postal_code: Type.String(),
      country: Type.String(),
      default_timezone: Type.String(),
      is_provider: Type.Optional(Type.Boolean()),
      is_bulk_buyer: Type.Optional(Type.Boolean()),
    }),
    /** The caller, if the profile is the personal profile of the caller. */
    own_user: Type.Union([Type.Object({ username: Type.String() }), Type.Null()]),
    ...form_parts,
  }),
  {
    typical,
    own: {
      ...typical,
      profile: { ...organizationDetailSample, type: 'personal', nick_name: 'Xia', lang: 'en' },
      own_user: { username: 'xia' },
    },
    broker: { ...typical, may_set_flags: true, form: { ...form, is_provider: true, is_bulk_buyer: false } },
    read_only: { ...typical, may_edit: false },
    error: { ...typical, form: { ...form, email: 'billing' }, errors: { email: ['Enter an e-mail address.'] } },
  },
);

export const profilePageTypes = [contactDetailsPage] as const;

import { Type } from 'typebox';
import type { FieldMessages } from '#kernel/problem';
import type { ProfileDetailBody, ProfileSummaryBody } from './schemas.ts';

/** Instant; templates format it. */
export const Instant = Type.Unsafe<Date>({});

/** Members of every page with a form, without the form itself. */
export const form_parts = {
  /** Messages by field. */
  errors: Type.Unsafe<FieldMessages>(Type.Record(Type.String(), Type.Array(Type.String()))),
  /** Message about the whole form; empty if there is none. */
  detail: Type.String(),
};

/** Values of `form_parts` for a form that was not refused. */
export const unrefused_form = { errors: {}, detail: '' };

const created_at = '2026-03-05T10:00:00.000Z';

export const personalProfileSample: ProfileSummaryBody = {
  slug: 'xia',
  printable_name: 'Xia Lee',
  picture: null,
  type: 'personal',
  credentials: true,
  created_at,
};

export const organizationSample: ProfileSummaryBody = {
  slug: 'acme',
  printable_name: 'Acme Incorporated',
  picture: 'https://acme.example.com/logo.png',
  type: 'organization',
  credentials: false,
  created_at,
};

export const organizationDetailSample: ProfileDetailBody = {
  ...organizationSample,
  full_name: 'Acme Incorporated',
  email: 'billing@acme.example.com',
  phone: '',
  street_address: '1 Main Street',
  locality: 'Springfield',
  region: 'IL',
  postal_code: '62701',
  country: 'US',
  default_timezone: 'America/Chicago',
  is_provider: false,
  is_bulk_buyer: false,
  extra: null,
  nick_name: null,
  lang: null,
};

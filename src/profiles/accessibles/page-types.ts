import { type Static, Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { NullableString, PageOf } from '#platform/http/schemas';
import { form_parts, organizationSample, personalProfileSample, unrefused_form } from '../page-parts.ts';
import { pending_counts } from '../schemas.ts';
import { AccessibleSchema } from './schemas.ts';

const resolution = {
  /** Page that resolves the refusal, or null. */
  resolve_url: NullableString,
};

/** `grant_key` is true for an invitation: the page does not show the key. */
const AccessiblePart = Type.Object({ ...AccessibleSchema.properties, grant_key: Type.Boolean() });

const created_at = '2026-03-05T10:00:00.000Z';

const held: Static<typeof AccessiblePart> = {
  created_at,
  request_key: null,
  profile: personalProfileSample,
  role_description: {
    created_at,
    slug: 'manager',
    title: 'Manager',
    skip_optin_on_grant: false,
    implicit_create_on_none: false,
    otp_required: false,
    is_global: true,
    profile: null,
    extra: null,
    editable: false,
  },
  home_url: 'https://www.example.com/app/xia/',
  settings_url: 'https://www.example.com/profile/xia/contact/',
  accept_grant_api_url: null,
  remove_api_url: 'https://www.example.com/api/users/xia/accessibles/manager/xia',
  extra: null,
  grant_key: false,
};

const invited: Static<typeof AccessiblePart> = {
  ...held,
  profile: organizationSample,
  accept_grant_api_url: 'https://www.example.com/api/users/xia/accessibles/accept/a1',
  grant_key: true,
};

const requested: Static<typeof AccessiblePart> = {
  ...held,
  profile: { ...organizationSample, slug: 'initech', printable_name: 'Initech' },
  request_key: 'b2',
  role_description: null,
};

const no_roles = { invited_count: 0, requested_count: 0, count: 0, next: null, previous: null, results: [] };
const typical = {
  accessibles: { ...no_roles, invited_count: 1, requested_count: 1, count: 3, results: [held, invited, requested] },
  csv_url: '/users/xia/roles/download/',
  form: { profile: '', full_name: '' },
  may_edit: true,
  resolve_url: null,
  ...unrefused_form,
};

export const accessiblesPage = definePage(
  'saas/users/roles.html',
  Type.Object({
    accessibles: Type.Object({ ...pending_counts, ...PageOf(AccessiblePart).properties }),
    /** The download of the list. */
    csv_url: Type.String(),
    /** False for a member of the broker who only reads. */
    may_edit: Type.Boolean(),
    form: Type.Object({ profile: Type.String(), full_name: Type.String() }),
    ...resolution,
    ...form_parts,
  }),
  {
    typical,
    read_only: { ...typical, may_edit: false },
    empty: { ...typical, accessibles: no_roles },
    error: { ...typical, errors: { profile: ['This field is required.'] } },
    refused: {
      ...typical,
      detail: 'Verify the e-mail address that this invitation was sent to first.',
      resolve_url: '/users/verify/',
    },
  },
);

export const acceptRolePage = definePage(
  'saas/users/accept.html',
  Type.Object({
    invitation: Type.Object({ printable_name: Type.String(), role_title: Type.String() }),
    may_accept: Type.Boolean(),
    form: Type.Object({}),
    ...resolution,
    ...form_parts,
  }),
  {
    typical: {
      invitation: { printable_name: 'Acme Incorporated', role_title: 'Manager' },
      may_accept: true,
      form: {},
      resolve_url: null,
      ...unrefused_form,
    },
    error: {
      invitation: { printable_name: 'Acme Incorporated', role_title: '' },
      may_accept: false,
      form: {},
      errors: {},
      detail: 'Verify the e-mail address that this invitation was sent to first.',
      resolve_url: '/users/verify/',
    },
  },
);

export const accessiblePageTypes = [accessiblesPage, acceptRolePage] as const;

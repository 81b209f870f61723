import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { invalidInput } from '#kernel/problem';
import { ConflictView } from '#platform/pages/forms/conflict-view';
import { editVersion } from '#platform/pages/forms/edit-version';
import { form_view } from '#platform/pages/forms/form';
import { organizationDetailSample } from '../page-parts.ts';
import { ProfileDetailSchema } from '../schemas.ts';
import { profileForm } from './profile-form.ts';

const Options = Type.Array(Type.Object({ value: Type.String(), label: Type.String() }));

const details = {
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
const context = { locale: 'en', timezone: 'UTC' };
const refused = { ...details, email: 'billing' };

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
  picture_url: paths.profilePicture('acme'),
  own_user: null,
  ...profileForm.view(details, context),
  edit_version: editVersion(details),
  conflict: null,
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
    ...form_view,
    /** Version of the form, for `_conflict.html`. */
    edit_version: Type.String(),
    conflict: ConflictView,
    /** Page of the picture; null for a reader who may not change it. */
    picture_url: Type.Union([Type.String(), Type.Null()]),
    /** The caller, if the profile is the personal profile of the caller. */
    own_user: Type.Union([Type.Object({ username: Type.String() }), Type.Null()]),
  }),
  {
    typical,
    own: {
      ...typical,
      profile: { ...organizationDetailSample, type: 'personal', nick_name: 'Xia', lang: 'en' },
      own_user: { username: 'xia' },
    },
    broker: {
      ...typical,
      may_set_flags: true,
      ...profileForm.view({ ...details, is_provider: true, is_bulk_buyer: false }, context),
    },
    read_only: { ...typical, may_edit: false, picture_url: null },
    error: {
      ...typical,
      ...profileForm.view(
        {},
        context,
        profileForm.refuse(invalidInput({ email: ['Enter an e-mail address.'] }), refused),
      ),
    },
    conflict: {
      ...typical,
      conflict: {
        by: 'Ann Lee',
        changes: [
          { label: 'Full name', now: 'Acme Limited', yours: 'Acme Incorporated' },
          { label: 'Phone', now: '', yours: '' },
        ],
      },
    },
  },
);

export const profilePageTypes = [contactDetailsPage] as const;

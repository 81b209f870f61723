import type { User } from '#accounts';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { ProfileView } from '#profiles';
import type { Parties } from '../parties.ts';

const created_at = new Date('2026-03-05T10:00:00.000Z');

/** Ids of the sample parties. Casts: no row has these ids, and they are not looked up. */
export const ids = { customer: -1 as ProfileId, provider: -2 as ProfileId, user: -1 as UserId } as const;

export const sampleUser: User = {
  id: ids.user,
  username: 'xia',
  email: 'xia@example.com',
  email_verified_at: created_at,
  phone: null,
  phone_verified_at: null,
  full_name: 'Xia Lee',
  nick_name: '',
  lang: 'en',
  picture: null,
  is_active: true,
  email_verification_required: false,
  phone_verification_required: false,
  extra: null,
  created_at,
  last_login_at: created_at,
  has_password: true,
  otp_enabled: false,
};

const customer: ProfileView = {
  id: ids.customer,
  slug: 'acme',
  personal_user_id: null,
  full_name: 'Acme Incorporated',
  email: 'billing@acme.example.com',
  phone: '',
  street_address: '1 Main Street',
  locality: 'Springfield',
  region: 'IL',
  postal_code: '62701',
  country: 'US',
  default_timezone: 'America/Chicago',
  picture: null,
  is_active: true,
  is_provider: false,
  is_bulk_buyer: false,
  is_processor: false,
  allow_provider_charges: false,
  extra: null,
  created_at,
  invited_email: null,
  invited_as: null,
  invited_by_profile_id: null,
  credentials: false,
  person: null,
};

const provider: ProfileView = {
  ...customer,
  id: ids.provider,
  slug: 'harbour',
  full_name: 'Harbour Desks',
  email: 'hello@harbour.example.com',
  is_provider: true,
};

/** Returns the parties of the sample events, with the broker of the site. */
export function sampleParties(broker: ProfileView): Parties {
  const profiles = new Map([customer, provider].map((profile) => [profile.id, profile]));
  return {
    broker,
    profile: (id) => (id === null ? undefined : profiles.get(id)),
    user: (id) => (id === null ? undefined : sampleUser),
    originator: (id) => (id === null ? null : sampleUser),
    managersOf: () => [],
    isSeller: () => false,
    roleTitle: () => 'Contributor',
    invoiceNumbers: () => ['2026-000042'],
    creditOf: () => [],
  };
}

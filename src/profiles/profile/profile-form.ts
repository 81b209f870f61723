import { checkbox, text } from '#platform/pages/forms/fields';
import { defineForm, type FormInput } from '#platform/pages/forms/form';
import type { Profile } from '../records/index.ts';

/** Contact details of a profile. Countries and time zones are choices of the page. */
export const profileForm = defineForm({
  full_name: text({ label: 'Full name', length_max: 100 }),
  email: text({
    label: 'E-mail address',
    type: 'email',
    autocomplete: 'email',
    length_max: 254,
    help: 'Receipts and notices are sent to this address.',
  }),
  phone: text({ label: 'Phone', type: 'tel', autocomplete: 'tel', length_max: 50, optional: true }),
  street_address: text({ label: 'Street address', autocomplete: 'street-address', length_max: 150, optional: true }),
  locality: text({ label: 'City or town', autocomplete: 'address-level2', length_max: 50, optional: true }),
  region: text({ label: 'State, province or county', autocomplete: 'address-level1', length_max: 50, optional: true }),
  postal_code: text({ label: 'Postal code', autocomplete: 'postal-code', length_max: 50, optional: true }),
  // The verb checks codes and zones: a profile may have an older one than the list.
  country: text({ label: 'Country', autocomplete: 'country', length_max: 2, optional: true }),
  default_timezone: text({ label: 'Time zone', length_max: 100 }),
  is_provider: checkbox({ label: 'Sells plans on this site' }),
  is_bulk_buyer: checkbox({ label: 'May buy for others' }),
});

type Details = FormInput<(typeof profileForm)['fields']>;

/** Returns the fields of the form as a profile has them. */
export function pickDetails(profile: Pick<Profile, keyof Details>): Details {
  const { full_name, email, phone, street_address, locality, region, postal_code, country, default_timezone } = profile;
  const { is_provider, is_bulk_buyer } = profile;
  const place = { street_address, locality, region, postal_code, country, default_timezone };
  return { full_name, email, phone, ...place, is_provider, is_bulk_buyer };
}

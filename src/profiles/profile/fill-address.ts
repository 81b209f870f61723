import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { isCountry } from '#kernel/country';
import { invalidInput } from '#kernel/problem';
import { lockProfile, updateProfileRow } from '../records/index.ts';

export interface Address {
  street_address?: string | undefined;
  locality?: string | undefined;
  region?: string | undefined;
  postal_code?: string | undefined;
  country?: string | undefined;
}

/**
 * Stores a postal address in the empty fields of a profile. Country and region are stored only if both are empty.
 *
 * Source: docs/spec/billing.md 4.5.
 * @throws invalid_input (400) naming `country`
 */
export async function fillAddress(ctx: Context, profile_id: ProfileId, address: Address): Promise<void> {
  const { street_address, locality, region, postal_code } = address;
  const given = [street_address, locality, region, postal_code, address.country].some(Boolean);
  if (!given) return;
  const country = address.country?.toUpperCase();
  if (country && !isCountry(country)) throw invalidInput({ country: ['Enter a country as two letters (ISO 3166-1).'] });
  await inTransaction(ctx.db, async (tx) => {
    const profile = await lockProfile(tx, profile_id);
    const change: Record<string, string> = {};
    for (const field of ['street_address', 'locality', 'postal_code'] as const) {
      const value = address[field];
      if (value && profile[field] === '') change[field] = value;
    }
    if (profile.country === '' && profile.region === '') {
      if (country) change['country'] = country;
      if (address.region) change['region'] = address.region;
    }
    if (Object.keys(change).length > 0) await updateProfileRow(tx, profile_id, change);
  });
}

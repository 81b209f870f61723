import { Type, type Static } from 'typebox';
import { displayNames } from '#kernel/formatters';
import { isCountry } from '#kernel/country';
import type { Party as LegalParty } from '#ledger';

/** Seller or buyer on an invoice. */
export const PartyPart = Type.Object({
  name: Type.String(),
  /** Postal address, line by line; empty when none is known. */
  address: Type.Array(Type.String()),
  email: Type.Union([Type.String(), Type.Null()]),
});
export type Party = Static<typeof PartyPart>;

/** Presents a party of an invoice, with the name of its country in the language of the reader. */
export function presentParty(party: LegalParty, lang: string): Party {
  const { name, street_address, locality, region, postal_code, country, email } = party;
  const region_line = [region, postal_code].filter((part) => part !== '').join(' ');
  const place = [locality, region_line].filter((part) => part !== '').join(', ');
  const country_name = isCountry(country) ? (displayNames(lang, { type: 'region' }).of(country) ?? country) : country;
  return {
    name,
    address: [...street_address.split(/\r?\n/), place, country_name]
      .map((line) => line.trim())
      .filter((line) => line !== ''),
    email: email === '' ? null : email,
  };
}

/** Fields of a registration that decide which profile is created. */
export interface RegistrationFacts {
  full_name: string;
  organization_name: string | null;
  has_address: boolean;
  type: 'unknown' | 'user' | 'personal' | 'organization';
}

/**
 * Kind of registration. `user`: a login only · `personal`: with a personal profile · `together`: with an organization
 * that the user manages.
 */
export type RegistrationShape = 'user' | 'personal' | 'together';

/**
 * Returns which profile a registration creates: a personal profile for a postal address or the type `personal`, an
 * organization for an organization name that differs from the full name.
 * Source: docs/spec/identity.md 5.1.
 */
export function decideRegistrationShape(facts: RegistrationFacts): RegistrationShape {
  const { organization_name, full_name } = facts;
  if (organization_name !== null) return organization_name === full_name ? 'personal' : 'together';
  return facts.has_address || facts.type === 'personal' ? 'personal' : 'user';
}

export const address_fields = ['street_address', 'locality', 'region', 'postal_code', 'country'] as const;

/**
 * Members `user_*`, `organization_*` and `role_*` of a registration, as JSON text for the row that the prefix names.
 */
export interface RegistrationExtras {
  user: string | null;
  organization: string | null;
  role: string | null;
}

/** Finds the prefixes whose members exceed the maximum size of one `extra`. */
export function findOversizedExtras(extras: RegistrationExtras, bytes_max: number): string[] {
  return Object.entries(extras).flatMap(([prefix, text]: [string, string | null]) =>
    text !== null && Buffer.byteLength(text) > bytes_max ? [`${prefix}_`] : [],
  );
}

/** Parses the prefixed members of a registration into JSON text, without the prefixes. */
export function parseRegistrationExtras(body: Readonly<Record<string, unknown>>): RegistrationExtras {
  const withPrefix = (prefix: string): string | null => {
    const entries = Object.entries(body).filter(([name]) => name.startsWith(prefix) && name !== 'organization_name');
    if (entries.length === 0) return null;
    return JSON.stringify(Object.fromEntries(entries.map(([name, value]) => [name.slice(prefix.length), value])));
  };
  return { user: withPrefix('user_'), organization: withPrefix('organization_'), role: withPrefix('role_') };
}

/** Parses the member of a body that is named after an agreement. */
export function parseAgreementField(value: unknown): 'agreed' | 'declined' {
  if (value === true || value === 1) return 'agreed';
  if (typeof value === 'string')
    return ['', 'false', 'f', '0', 'no', 'off'].includes(value.trim().toLowerCase()) ? 'declined' : 'agreed';
  return 'declined';
}

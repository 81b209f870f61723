/** What somebody typed to register, as far as it decides which profile comes with the login. */
export interface RegistrationFacts {
  full_name: string;
  organization_name: string | null;
  has_address: boolean;
  type: 'unknown' | 'user' | 'personal' | 'organization';
}

/** `user`: a login only · `personal`: with a profile of the same name · `together`: with an organization that the user manages. */
export type RegistrationShape = 'user' | 'personal' | 'together';

/**
 * Decides what registering makes. A postal address or the kind `personal` asks for a personal profile, an organization's
 * name other than one's own for an organization.
 * @see spec/identity.md 5.1
 */
export function decideRegistrationShape(facts: RegistrationFacts): RegistrationShape {
  const { organization_name, full_name } = facts;
  if (organization_name !== null) return organization_name === full_name ? 'personal' : 'together';
  return facts.has_address || facts.type === 'personal' ? 'personal' : 'user';
}

export const address_fields = ['street_address', 'locality', 'region', 'postal_code', 'country'] as const;

/** Extra members `user_*`, `organization_*` and `role_*` of a registration, each kept with what its prefix names. */
export interface RegistrationExtras {
  user: string | null;
  organization: string | null;
  role: string | null;
}

/** Names the prefixes whose extra members are larger than one `extra` may be. */
export function findOversizedExtras(extras: RegistrationExtras, bytes_max: number): string[] {
  return Object.entries(extras).flatMap(([prefix, text]: [string, string | null]) =>
    text !== null && Buffer.byteLength(text) > bytes_max ? [`${prefix}_`] : [],
  );
}

/** Collects the extra members, without their prefixes, as JSON text. */
export function parseRegistrationExtras(body: Readonly<Record<string, unknown>>): RegistrationExtras {
  const withPrefix = (prefix: string): string | null => {
    const entries = Object.entries(body).filter(([name]) => name.startsWith(prefix) && name !== 'organization_name');
    if (entries.length === 0) return null;
    return JSON.stringify(Object.fromEntries(entries.map(([name, value]) => [name.slice(prefix.length), value])));
  };
  return { user: withPrefix('user_'), organization: withPrefix('organization_'), role: withPrefix('role_') };
}

/** Reads what a body says about an agreement: agreed, declined, or nothing. */
export function parseAgreementField(value: unknown): 'agreed' | 'declined' {
  if (value === true || value === 1) return 'agreed';
  if (typeof value === 'string')
    return ['', 'false', 'f', '0', 'no', 'off'].includes(value.trim().toLowerCase()) ? 'declined' : 'agreed';
  return 'declined';
}

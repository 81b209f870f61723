import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import { requireSameVersion } from '#platform/pages/forms/edit-version';
import { refusePrivateLiteral } from '#platform/security/public-address';
import { findSite, lockSite, type Site, type SiteChange, updateSite } from '#platform/site';
import type { ProxyChange } from './schemas.ts';

/**
 * Changes the connection of the site to its application; omitted fields keep their value. Returns the parsed change.
 *
 * `version` is that of the settings that a form showed.
 *
 * @throws invalid_input (400) · edit_conflict (409)
 */
export async function changeProxy(
  ctx: Context,
  input: ProxyChange,
  { private_addresses_allowed }: { private_addresses_allowed: boolean },
  version?: string,
): Promise<SiteChange> {
  const { entry_point, session_backend, authentication, welcome_email, cors_restricted } = input;
  const change: SiteChange = {
    ...(entry_point === undefined ? {} : { entry_point: parseEntryPoint(entry_point, private_addresses_allowed) }),
    ...(session_backend === undefined ? {} : { session_backend: parseBackend(session_backend) }),
    ...(authentication === undefined ? {} : { authentication }),
    ...(welcome_email === undefined ? {} : { welcome_email }),
    ...(cors_restricted === undefined ? {} : { cors_restricted }),
  };
  await inTransaction(ctx.db, async (tx) => {
    if (version !== undefined) requireSameVersion(version, editedSettings(await lockedSite(tx, ctx)));
    await updateSite(tx, ctx.site.id, change);
  });
  return change;
}

/** Returns what the form of the settings edits, for its version. */
export function editedSettings(site: Site) {
  const { entry_point, session_backend, authentication, welcome_email, cors_restricted } = site;
  return { entry_point, session_backend, authentication, welcome_email, cors_restricted };
}

async function lockedSite(tx: Tx, { site }: Context): Promise<Site> {
  await lockSite(tx, site.id);
  return (await findSite(tx)) ?? site;
}

/**
 * Parses the address of the application; '' and null mean no application.
 * Refuses literal private addresses. The addresses of a name are checked for each connection.
 *
 * @throws invalid_input (400) naming `entry_point`
 */
export function parseEntryPoint(text: string | null, private_addresses_allowed: boolean): string | null {
  if (text === null || text.trim() === '') return null;
  const invalidEntryPoint = (message: string) => invalidInput({ entry_point: [message] });
  const url = URL.parse(text.trim());
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    throw invalidEntryPoint('Enter an address that starts with http:// or https://.');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw invalidEntryPoint('Give scheme, host and path only.');
  }
  if (!private_addresses_allowed && (isLocalName(url.hostname) || refusePrivateLiteral(url.hostname) !== null)) {
    throw invalidEntryPoint(
      'Addresses of this computer or of a private network are refused. Set PRIVATE_ADDRESSES_ALLOWED=true to allow them.',
    );
  }
  return url.href;
}

function isLocalName(hostname: string): boolean {
  return /^(?:localhost|.*\.(?:localhost|local|internal))\.?$/i.test(hostname);
}

function parseBackend(value: number): 0 | 1 | 2 {
  if (value === 0 || value === 1 || value === 2) return value;
  throw invalidInput({ session_backend: ['Not a valid choice. Expected one of 0, 1, 2.'] });
}

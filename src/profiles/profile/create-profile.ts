import { randomBytes } from 'node:crypto';
import { isCountry } from '#kernel/country';
import { isTimeZone } from '#kernel/instant';
import { invalidInput } from '#kernel/problem';
import { isSlug, slugify, withSuffix } from '#kernel/slug';
import { singleLine } from '#kernel/text';
import { claimName, isNameFree, type User } from '#accounts';
import { parseEmail } from '#kernel/email';
import type { Reader, Tx } from '#platform/db/database';
import { extraToText } from '#platform/http/schemas';
import {
  getManagerType,
  insertProfileRow,
  insertRole,
  isArchiveSlug,
  type NewProfile,
  type Profile,
  type ProfileFields,
} from '../records/index.ts';

const ATTEMPTS_MAX = 9;

/**
 * Inserts a profile and claims its slug, for a personal profile together with its user.
 *
 * @throws invalid_input (400) naming `slug` if it is invalid or taken by a user or a profile
 */
export async function insertProfile(tx: Tx, profile: NewProfile, at: Date): Promise<Profile> {
  if (!isSlug(profile.slug) || isArchiveSlug(profile.slug))
    throw invalidInput({ slug: ['Use letters, digits, - and _ only, 50 at most.'] });
  const user_id = profile.personal_user_id ?? null;
  if (user_id === null && !(await isNameFree(tx, profile.slug, at))) throw slugTakenProblem();
  const inserted = await insertProfileRow(tx, profile, at);
  if (!inserted) throw slugTakenProblem();
  const owner = { profile_id: inserted.id, user_id };
  if (!(await claimName(tx, profile.slug, owner, at))) throw slugTakenProblem();
  return inserted;
}

/** Creates the personal profile of a user, with the username as slug and the user as manager. */
export async function createPersonalProfile(
  tx: Tx,
  user: User,
  at: Date,
  fields: Partial<ProfileFields> = {},
): Promise<Profile> {
  const profile = await insertProfile(
    tx,
    {
      full_name: user.full_name,
      email: user.email ?? '',
      phone: user.phone ?? '',
      picture: user.picture,
      ...fields,
      slug: user.username,
      personal_user_id: user.id,
    },
    at,
  );
  await makeManager(tx, profile, user, at);
  return profile;
}

/** Creates an organization. `manager` gets the manager role in effect; null creates it without a manager. */
export async function createOrganization(
  tx: Tx,
  input: {
    slug?: string | undefined;
    manager: Pick<User, 'id'> | null;
    fields: Partial<ProfileFields> & { full_name: string };
  },
  at: Date,
): Promise<Profile> {
  const slug = input.slug ?? (await findFreeSlug(tx, input.fields.full_name, at));
  const profile = await insertProfile(tx, { ...input.fields, slug }, at);
  if (input.manager) await makeManager(tx, profile, input.manager, at);
  return profile;
}

/** Gives a user the manager role, in effect and accepted. */
export async function makeManager(
  tx: Tx,
  profile: Pick<Profile, 'id'>,
  user: Pick<User, 'id'>,
  at: Date,
): Promise<void> {
  const type = await getManagerType(tx);
  await insertRole(tx, { user_id: user.id, profile_id: profile.id, role_type_id: type.id, accepted_at: at }, at);
}

/**
 * Finds a free slug derived from a name; with `suffixes`, a slug with a random suffix if that one is taken.
 * @throws invalid_input (400) naming `full_name` if no slug can be derived or all are taken
 */
export async function findFreeSlug(
  reader: Reader,
  full_name: string,
  at: Date,
  options: { suffixes: boolean } = { suffixes: true },
): Promise<string> {
  const base = slugify(full_name);
  if (base === '') throw invalidInput({ full_name: ['Use a name with some letters or digits of the Latin alphabet.'] });
  for (let attempt = 0; attempt <= (options.suffixes ? ATTEMPTS_MAX : 0); attempt += 1) {
    const slug = attempt === 0 ? base : withSuffix(base, (digits) => randomBytes(8).toString('hex').slice(0, digits));
    if (await isNameFree(reader, slug, at)) return slug;
  }
  throw invalidInput({ full_name: ['This name is already taken.'] });
}

/**
 * Parses the fields of a request. Without `broker` (the caller is a broker manager), the provider and bulk buyer flags
 * are ignored.
 * @throws invalid_input (400) naming each invalid field
 */
export function parseProfileFields(
  input: Partial<Record<keyof ProfileFields, unknown>>,
  options: { broker: boolean },
): Partial<ProfileFields> {
  const errors: Record<string, string[]> = {};
  const fields: Partial<ProfileFields> = {};
  for (const name of ['full_name', 'phone', 'street_address', 'locality', 'region', 'postal_code'] as const) {
    const value = input[name];
    if (typeof value === 'string') fields[name] = singleLine(value);
  }
  if (fields.full_name === '') errors['full_name'] = ['This field may not be blank.'];
  if (typeof input.email === 'string' && input.email.trim() !== '') {
    const email = parseEmail(input.email);
    if (email === null) errors['email'] = ['Enter an e-mail address.'];
    else fields.email = email;
  }
  if (typeof input.country === 'string') {
    fields.country = input.country.trim().toUpperCase();
    if (fields.country !== '' && !isCountry(fields.country))
      errors['country'] = ['Enter a country code of two letters (ISO 3166-1).'];
  }
  if (typeof input.default_timezone === 'string') {
    fields.default_timezone = input.default_timezone;
    if (!isTimeZone(input.default_timezone))
      errors['default_timezone'] = ['Enter the name of a time zone, such as Europe/Paris.'];
  }
  if (input.picture === null || input.picture === '') fields.picture = null;
  else if (typeof input.picture === 'string') {
    fields.picture = input.picture;
    if (!isWebUrl(input.picture)) errors['picture'] = ['Enter an absolute web address.'];
  }
  if (input.extra !== undefined) fields.extra = extraToText(input.extra);
  if (options.broker) {
    if (typeof input.is_provider === 'boolean') fields.is_provider = input.is_provider;
    if (typeof input.is_bulk_buyer === 'boolean') fields.is_bulk_buyer = input.is_bulk_buyer;
  }
  if (Object.keys(errors).length > 0) throw invalidInput(errors);
  return fields;
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

export const slugTakenProblem = () => invalidInput({ slug: ['This name is already taken.'] });

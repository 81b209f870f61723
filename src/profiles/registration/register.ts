import { displayNames } from '#kernel/formatters';
import { type Static } from 'typebox';
import { invalidInput } from '#kernel/problem';
import { singleLine } from '#kernel/text';
import {
  type AccountsSettings,
  insertUser,
  isUsername,
  type OpenedSession,
  openSession,
  parsePhone,
  type User,
  userRegistered,
} from '#accounts';
import { hashPassword } from '#platform/security/password';
import { parseEmail } from '#kernel/email';
import { passwordRefusalMessage, refusePassword } from '#platform/security/password-policy';
import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { EXTRA_BYTES_MAX } from '#platform/http/guards/json-size';
import { networkOf } from '#platform/security/throttle';
import { type Agreement, findAgreementsBySlugs, upsertSignature } from '../agreements/index.ts';
import { userWelcome } from '../events.ts';
import { profileProblems } from '../problems.ts';
import { createOrganization, createPersonalProfile, findFreeSlug, parseProfileFields } from '../profile/index.ts';
import { registerLimit } from '../rate-limits.ts';
import { findFreeUsername, findRole, type Profile, type ProfileFields, updateRole } from '../records/index.ts';
import {
  address_fields,
  decideRegistrationShape,
  findOversizedExtras,
  parseAgreementField,
  parseRegistrationExtras,
  type RegistrationExtras,
  type RegistrationShape,
} from './registration.ts';
import { renameField } from './rename-field.ts';
import type { RegisterBody } from './schemas.ts';

export type RegistrationInput = Static<typeof RegisterBody> & Readonly<Record<string, unknown>>;

export interface Registered {
  user: User;
  profile: Profile | null;
  session: OpenedSession;
}

/** Maximum length of a profile slug, because the username becomes the slug of the personal profile. */
const USERNAME_LENGTH_MAX = 50;

/**
 * Creates a user, a profile, signatures and a session in one transaction.
 *
 * @throws registration_disabled (403) · invalid_input (400) naming each field at fault · too_many_requests (429)
 */
export async function register(
  ctx: Context,
  settings: AccountsSettings,
  input: RegistrationInput,
  options: { cookie: boolean },
): Promise<Registered> {
  if (ctx.site.authentication !== 'enabled') throw profileProblems.registration_disabled();
  await settings.throttle.take(registerLimit, networkOf(ctx.peer?.ip));
  const parsed = await parseRegistration(ctx, settings, input);
  const agreements = await findSignedAgreements(ctx, input);
  const password_hash = parsed.new_password === null ? null : await hashPassword(parsed.new_password);
  return inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const username = parsed.username ?? (await findFreeUsername(tx, parsed.email, at));
    const user = await insertUser(
      tx,
      {
        ...parsed.person,
        username,
        email: parsed.email,
        phone: parsed.phone,
        password_hash,
        extra: parsed.extras.user,
      },
      at,
    );
    const profile = await createProfileFor(tx, user, parsed, at);
    for (const agreement of agreements) {
      await upsertSignature(
        tx,
        { agreement, user_id: user.id, ip: ctx.peer?.ip ?? null, user_agent: ctx.peer?.user_agent ?? null },
        at,
      );
    }
    await emitRegistration(ctx, tx, user.id, at);
    const session = await openSession(
      tx,
      settings,
      { user, kind: options.cookie ? 'cookie' : 'token', peer: ctx.peer },
      at,
    );
    return { user, profile, session };
  });
}

interface ParsedRegistration {
  username: string | null;
  email: string | null;
  phone: string | null;
  new_password: string | null;
  person: { full_name: string; nick_name: string; lang: string };
  shape: RegistrationShape;
  organization_name: string | null;
  fields: Partial<ProfileFields>;
  extras: RegistrationExtras;
}

async function parseRegistration(
  ctx: Context,
  settings: AccountsSettings,
  input: RegistrationInput,
): Promise<ParsedRegistration> {
  const errors: Record<string, string[]> = {};
  const full_name = singleLine(input.full_name);
  if (full_name === '') errors['full_name'] = ['This field may not be blank.'];
  const email = parseEmail(input.email ?? '');
  const phone = parsePhone(input.phone ?? '');
  if (email === null && (input.email ?? '').trim() !== '') errors['email'] = ['Enter an e-mail address.'];
  if (phone === null && (input.phone ?? '').trim() !== '') errors['phone'] = ['Enter a phone number.'];
  if (email === null && phone === null && Object.keys(errors).every((name) => name === 'full_name')) {
    errors['email'] = errors['phone'] = ['Enter an e-mail address or a phone number.'];
  }
  const username = (input.username ?? input.slug ?? '').trim() || null;
  if (username !== null && (!isUsername(username) || username.length > USERNAME_LENGTH_MAX)) {
    errors['username'] = ['Use letters, digits, - and _ only, 50 at most.'];
  }
  const extras = parseRegistrationExtras(input);
  for (const prefix of findOversizedExtras(extras, EXTRA_BYTES_MAX)) {
    errors[prefix] = [`The fields with this prefix have more than ${EXTRA_BYTES_MAX} bytes of JSON together.`];
  }
  const lang = input.lang ?? ctx.lang;
  if (!isLanguage(lang)) errors['lang'] = ['Enter the code of a language, such as en or fr-CA.'];
  // The overview of the published API and its version of 2019 name the field `password`.
  const new_password = input.new_password || input.password || null;
  if (new_password !== null) {
    const refusal = await refusePassword(new_password, { username, email, phone, full_name }, settings.password_policy);
    const field = input.new_password ? 'new_password' : 'password';
    if (refusal) errors[field] = [passwordRefusalMessage(refusal, settings.password_policy)];
  }
  if (input.new_password && input.password && input.new_password !== input.password)
    errors['password'] = ['The passwords in password and new_password differ.'];
  const organization_name = singleLine(input.organization_name ?? '') || null;
  if (input.type === 'organization' && organization_name === null)
    errors['organization_name'] = ['This field is required.'];
  if (Object.keys(errors).length > 0) throw invalidInput(errors);

  const { full_name: _name, email: _email, phone: _phone, ...address } = input;
  return {
    username,
    email,
    phone,
    new_password,
    person: { full_name, nick_name: input.nick_name?.trim() ?? '', lang },
    shape: decideRegistrationShape({
      full_name,
      organization_name,
      has_address: address_fields.some((name) => (input[name] ?? '').trim() !== ''),
      type: input.type ?? 'unknown',
    }),
    organization_name,
    fields: parseProfileFields(pickAddress(address), { broker: false }),
    extras,
  };
}

function pickAddress(input: Readonly<Record<string, unknown>>): Partial<Record<keyof ProfileFields, unknown>> {
  return Object.fromEntries(address_fields.map((name) => [name, input[name]]));
}

function isLanguage(tag: string): boolean {
  return (
    /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,4})?$/.test(tag) &&
    displayNames('en', { type: 'language', fallback: 'none' }).of(tag) !== undefined
  );
}

/** Finds the agreements that the body names. @throws invalid_input (400) naming each that the user declined */
async function findSignedAgreements(ctx: Context, input: RegistrationInput): Promise<Agreement[]> {
  const agreements = await findAgreementsBySlugs(ctx.db, Object.keys(input).slice(0, 100));
  const declined = agreements.filter((agreement) => parseAgreementField(input[agreement.slug]) === 'declined');
  if (declined.length === 0) return agreements;
  throw invalidInput(
    Object.fromEntries(declined.map(({ slug, title }) => [slug, [`You must agree to "${title}" to continue.`]])),
  );
}

async function createProfileFor(tx: Tx, user: User, parsed: ParsedRegistration, at: Date): Promise<Profile | null> {
  if (parsed.shape === 'user') return null;
  const profile =
    parsed.shape === 'personal'
      ? await createPersonalProfile(tx, user, at, { ...parsed.fields, extra: parsed.extras.organization })
      : await createOwnOrganization(tx, user, parsed, at);
  const role = parsed.extras.role === null ? undefined : await findRole(tx, profile.id, user.id);
  if (role) await updateRole(tx, role.id, { extra: parsed.extras.role });
  return profile;
}

async function createOwnOrganization(tx: Tx, user: User, parsed: ParsedRegistration, at: Date): Promise<Profile> {
  const full_name = parsed.organization_name ?? '';
  try {
    const slug = await findFreeSlug(tx, full_name, at, { suffixes: false });
    const fields = {
      ...parsed.fields,
      full_name,
      email: user.email ?? '',
      phone: user.phone ?? '',
      extra: parsed.extras.organization,
    };
    return await createOrganization(tx, { slug, manager: user, fields }, at);
  } catch (error) {
    throw renameField(error, { full_name: 'organization_name', slug: 'organization_name' });
  }
}

async function emitRegistration(ctx: Context, tx: Tx, user_id: UserId, at: Date): Promise<void> {
  await emit(tx, userRegistered({ user_id }), at);
  if (ctx.site.welcome_email) await emit(tx, userWelcome({ user_id }), at);
}

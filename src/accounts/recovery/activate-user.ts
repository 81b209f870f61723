import { commonProblems, invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { randomText } from '#platform/security/crypto';
import { inTransaction, type Reader, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { networkOf } from '#platform/security/throttle';
import { hashNewPassword, deleteApiKeys } from '../credentials/index.ts';
import { checkFactors, type FactorRefusal, type GivenCodes, proveAddress, signInProblem } from '../factors/index.ts';
import { userActivated, userLoggedIn, userRegistered, userResetPassword } from '../events.ts';
import { accountsProblems } from '../problems.ts';
import { keyLimit } from '../rate-limits.ts';
import { endSessions, type OpenedSession, openSession } from '../sessions/index.ts';
import type { AccountsDeps } from '../hooks.ts';
import type { AccountsSettings } from '../settings.ts';
import {
  findUserByEmail,
  findUserById,
  insertUser,
  isFirstProof,
  isNameFree,
  isUsername,
  lockCredentials,
  mayOpenAccount,
  proposeUsernames,
  renameUser,
  updateUserRow,
  type User,
} from '../identity/index.ts';
import {
  findVerificationByKey,
  findVerificationWithUser,
  isKeyUsable,
  isVerificationKey,
  lockVerificationByKey,
  sendCode,
  consumeVerification,
  voidVerificationsOf,
  type Verification,
} from '../verifications/index.ts';

export interface Activation extends GivenCodes {
  new_password: string;
  /** New username; omitted: the present one, or one made from the address. */
  username?: string | undefined;
  full_name?: string | undefined;
  nick_name?: string | undefined;
  lang?: string | undefined;
  /** Deletes the API keys of the user too. A first proof of the address always does. */
  revoke_api_keys?: boolean | undefined;
}

/** A valid link and its user; null for an invited person without a user. */
export interface UsableLink {
  verification: Verification;
  user: User | null;
}

/** Finds a valid link and its user without consuming it; null if the link is unknown, used or expired. */
export async function findUsableLink(
  ctx: Context,
  settings: AccountsSettings,
  key: string,
): Promise<UsableLink | null> {
  await settings.throttle.take(keyLimit, networkOf(ctx.peer?.ip));
  if (!isVerificationKey(key)) return null;
  const found = await findVerificationWithUser(ctx.db, key);
  if (!found || !isPasswordLink(found.verification) || !isKeyUsable(found.verification, ctx.clock.now())) return null;
  const { verification } = found;
  const user = verification.user_id === null ? await findLinkUser(ctx.db, verification) : found.user;
  return isLinkFor(verification, user) ? { verification, user } : null;
}

/**
 * Sets a password through a link and signs the user in.
 *
 * Verifies the address, voids every other link and ends every other session. Sends a required code by phone if it is
 * missing.
 * @throws verification_unknown (404), invalid_input (400) naming `new_password`, `username` or `slug`,
 * sign_in_step_required (401), code_wrong (400), otp_locked (403), authentication_disabled (403)
 */
export async function activateUser(
  ctx: Context,
  deps: AccountsDeps,
  key: string,
  input: Activation,
  kind: 'token' | 'cookie',
): Promise<OpenedSession> {
  if (ctx.site.authentication === 'disabled') throw accountsProblems.authentication_disabled();
  const link = await findUsableLink(ctx, deps.settings, key);
  if (!link) throw accountsProblems.verification_unknown();

  const facts = {
    username: input.username ?? link.user?.username ?? null,
    email: link.user?.email ?? link.verification.address,
    full_name: input.full_name ?? link.user?.full_name ?? null,
    phone: link.user?.phone ?? null,
  };
  const password_hash = await hashNewPassword(deps.settings, input.new_password, facts);

  const at = ctx.clock.now();
  const outcome = await inTransaction(ctx.db, (tx) =>
    redeemLink(ctx, tx, deps, { key, input, password_hash, kind }, at),
  );
  if (outcome.kind === 'needed' && outcome.field === 'phone_code' && link.user)
    await sendCode(ctx, deps.settings, link.user, 'phone', 'login');
  if (outcome.kind !== 'opened') throw signInProblem(outcome, at);
  return outcome.session;
}

interface LinkUse {
  key: string;
  input: Activation;
  password_hash: string;
  kind: 'token' | 'cookie';
}

async function redeemLink(
  ctx: Context,
  tx: Tx,
  { settings, hooks }: AccountsDeps,
  { key, input, password_hash, kind }: LinkUse,
  at: Date,
): Promise<{ kind: 'opened'; session: OpenedSession } | FactorRefusal> {
  const { verification, user: existing } = await lockLink(tx, key, at);
  const user = existing ?? (await insertInvitedUser(tx, verification, input, at));
  const { channel } = verification;
  let proved = { email: channel === 'email', phone: channel === 'phone', otp: false };
  if (!isFirstProof(user, channel) || input.otp_code !== undefined) {
    const codes = { otp_code: input.otp_code, ...(channel === 'email' ? { phone_code: input.phone_code } : {}) };
    const demands = {
      email: false,
      phone: channel === 'email' && user.phone_verification_required && user.phone !== null,
      is_first_factor: false,
      network: networkOf(ctx.peer?.ip),
    };
    const verdict = await checkFactors(tx, settings, user, codes, demands, at);
    if (verdict.kind !== 'complete') return verdict;
    proved = { ...verdict.proved, [channel]: true };
  }

  if (existing && input.username !== undefined) await renameUser(tx, hooks, user, input.username, at);
  await proveAddress(tx, hooks, user, { proved, session_id: null, knows_password: false }, at);
  await updateUserRow(tx, user.id, {
    password_hash,
    last_login_at: at,
    ...(input.full_name === undefined ? {} : { full_name: input.full_name }),
    ...(input.nick_name === undefined ? {} : { nick_name: input.nick_name }),
    ...(input.lang === undefined ? {} : { lang: input.lang }),
  });
  await endSessions(tx, user.id, at);
  if (input.revoke_api_keys === true) await deleteApiKeys(tx, user.id);
  await consumeVerification(tx, verification.id, at);
  await voidVerificationsOf(tx, user.id, at);

  const activated = await findUserById(tx, user.id);
  if (!activated) throw commonProblems.not_found();
  const session = await openSession(tx, settings, { user: activated, kind, peer: ctx.peer }, at);
  await emit(tx, makeActivationEvent(user), at);
  await emit(tx, userLoggedIn({ user_id: user.id, ip: ctx.peer?.ip ?? null }), at);
  return { kind: 'opened', session };
}

/** True if the link sets a password. */
function isPasswordLink(verification: Verification): boolean {
  return verification.purpose === 'activate' || verification.purpose === 'recover';
}

/**
 * Locks a link and its user and checks both again.
 *
 * Locks: the user's row, then the verification. Every other verb uses the same order.
 * @throws verification_unknown (404)
 */
export async function lockLink(tx: Tx, key: string, at: Date): Promise<UsableLink> {
  const found = await findVerificationByKey(tx, key);
  if (!found) throw accountsProblems.verification_unknown();
  const owner = await findLinkUser(tx, found);
  if (owner) await lockCredentials(tx, owner.id);
  const verification = await lockVerificationByKey(tx, key);
  if (!verification || !isPasswordLink(verification) || !isKeyUsable(verification, at)) {
    throw accountsProblems.verification_unknown();
  }
  const user = await findLinkUser(tx, verification);
  if (!isLinkFor(verification, user)) throw accountsProblems.verification_unknown();
  return { verification, user };
}

/** Finds the user of a link, else the user who has since registered with the e-mail address that it was sent to. */
async function findLinkUser(reader: Reader, verification: Verification): Promise<User | null> {
  if (verification.user_id !== null) return (await findUserById(reader, verification.user_id)) ?? null;
  if (verification.channel !== 'email') return null;
  return (await findUserByEmail(reader, verification.address)) ?? null;
}

/** True if the user is active and still has the address of the link; without a user, if the link has none either. */
function isLinkFor(verification: Verification, user: User | null): boolean {
  if (user === null) return verification.user_id === null;
  const address = verification.channel === 'email' ? user.email : user.phone;
  return (
    user.is_active &&
    address?.toLowerCase() === verification.address.toLowerCase() &&
    mayOpenAccount(user, verification.channel)
  );
}

async function insertInvitedUser(tx: Tx, verification: Verification, input: Activation, at: Date): Promise<User> {
  const email = verification.channel === 'email' ? verification.address : null;
  const phone = verification.channel === 'phone' ? verification.address : null;
  const username = await chooseUsername(tx, email, input.username, at);
  return insertUser(tx, { username, email, phone, full_name: input.full_name ?? '' }, at);
}

/** Returns the requested username, else the first free one made from the address. */
async function chooseUsername(tx: Tx, email: string | null, wanted: string | undefined, at: Date): Promise<string> {
  if (wanted !== undefined) {
    if (!isUsername(wanted)) throw invalidInput({ username: ['Use letters, digits, - and _.'] });
    return wanted;
  }
  let tries = 0;
  for (const proposal of proposeUsernames(email, () => randomText(3, '0123456789'))) {
    if ((await isNameFree(tx, proposal, at)) || (tries += 1) >= 20) return proposal;
  }
  throw new Error('unreachable: proposeUsernames is an infinite generator');
}

function makeActivationEvent(user: User) {
  const { id: user_id } = user;
  if (user.last_login_at === null) return userRegistered({ user_id });
  return user.has_password ? userResetPassword({ user_id, how: 'link' }) : userActivated({ user_id });
}

import { cutText } from '#kernel/text';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { hashPassword, verifyPassword } from '#platform/security/password';
import { networkOf } from '#platform/security/throttle';
import {
  checkFactors,
  type CodeFieldName,
  type FactorDemands,
  type GivenCodes,
  proveAddress,
  signInProblem,
  signInStepProblem,
  wrongCodeProblem,
} from '../factors/index.ts';
import { userLoggedIn, userLoginFailed } from '../events.ts';
import type { AccountsDeps } from '../hooks.ts';
import { accountsProblems } from '../problems.ts';
import { signInLimit, signInPeerLimit } from '../rate-limits.ts';
import type { AccountsSettings } from '../settings.ts';
import {
  findCredentials,
  findUserById,
  findUserByIdentifier,
  canonicalIdentifier,
  lockCredentials,
  parseIdentifier,
  updateUserRow,
  type User,
} from '../identity/index.ts';
import { lockCode, sendCode } from '../verifications/index.ts';
import { endSession, type OpenedSession, openSession } from '../sessions/index.ts';

export interface SignInInput extends GivenCodes {
  /** Username, e-mail address or phone number. */
  username: string;
  password?: string | undefined;
}

/** Identity of a caller after the first factor. */
export interface ProvenIdentity {
  user: User;
  /** Hash that the password matched; null if a code must prove the identity. */
  password_hash: string | null;
  /** The password hashed with the current cost; null if the stored hash is up to date. */
  rehashed: string | null;
  /**
   * Removes the attempt from the rate limits. Called after a correct code only, so that the limits do not reveal
   * whether a user exists.
   */
  releaseAttempt: () => Promise<void>;
}

/**
 * Signs a user in by name, then password or one-time code, then every further required factor.
 *
 * Each call repeats everything given so far. Unknown names, wrong passwords and accounts without a password get the
 * same response after the same work. Nothing is revealed and no message is sent before the first factor is right.
 * @throws credentials_mismatch (400), sign_in_step_required (401), code_wrong (400), otp_locked (403),
 * authentication_disabled (403), too_many_requests (429), busy (503)
 */
export async function signIn(
  ctx: Context,
  deps: AccountsDeps,
  input: SignInInput,
  kind: 'token' | 'cookie',
): Promise<OpenedSession> {
  const proven = await proveIdentity(ctx, deps.settings, input);
  return finishSignIn(ctx, deps, proven, input, kind);
}

/** Checks name and password. Without a password the codes must prove the identity in `finishSignIn`. */
export async function proveIdentity(
  ctx: Context,
  settings: AccountsSettings,
  input: SignInInput,
): Promise<ProvenIdentity> {
  const { password, email_code, phone_code } = input;
  const hasCode = email_code !== undefined || phone_code !== undefined;
  if (password === undefined && !hasCode) throw signInStepProblem({ password: ['Enter your password.'] });

  const { throttle } = settings;
  const peer = networkOf(ctx.peer?.ip);
  await throttle.take(signInPeerLimit, peer);
  const user = await findUserByIdentifier(ctx.db, parseIdentifier(input.username));
  // One count per user, regardless of the identifier used.
  const name = user ? `user ${user.id}` : `name ${canonicalIdentifier(input.username)}`;
  const key = `${name} ${peer}`;
  await throttle.take(signInLimit, key);
  const releaseAttempt = async (): Promise<void> => {
    await throttle.release(signInPeerLimit, peer);
    await throttle.release(signInLimit, key);
  };
  const candidate = user?.is_active === true ? user : undefined;

  if (password === undefined) {
    if (!candidate) {
      await lockMissingCode(ctx, input.username);
      throw wrongCodeProblem(email_code === undefined ? 'phone_code' : 'email_code');
    }
    return { user: candidate, password_hash: null, rehashed: null, releaseAttempt };
  }

  const stored = candidate ? ((await findCredentials(ctx.db, candidate.id))?.password_hash ?? null) : null;
  const { matches, is_outdated } = await verifyPassword(stored, password);
  if (!candidate || !matches) {
    await recordFailedSignIn(ctx, input.username, user);
    throw accountsProblems.credentials_mismatch();
  }
  await releaseAttempt();
  const rehashed = is_outdated ? await hashPassword(password) : null;
  return { user: candidate, password_hash: stored, rehashed, releaseAttempt: async () => {} };
}

/** Checks the required factors and opens the session. */
export async function finishSignIn(
  ctx: Context,
  { settings, hooks }: AccountsDeps,
  { user, password_hash, rehashed, releaseAttempt }: ProvenIdentity,
  codes: GivenCodes,
  kind: 'token' | 'cookie',
): Promise<OpenedSession> {
  const at = ctx.clock.now();
  const outcome = await inTransaction(ctx.db, async (tx) => {
    const locked = await lockCredentials(tx, user.id);
    // The password was checked before the row was locked and may have changed since.
    if (locked?.is_active !== true || (password_hash !== null && locked.password_hash !== password_hash)) {
      return { kind: 'mismatch' as const };
    }
    const current = (await findUserById(tx, user.id)) ?? user;
    const verdict = await checkFactors(tx, settings, current, codes, decideDemands(ctx, current, password_hash), at);
    if (verdict.kind !== 'complete') return verdict;
    if (ctx.site.authentication === 'disabled' && !(await hooks.isOperator(tx, ctx.site, user.id, at))) {
      return { kind: 'closed' as const };
    }
    await proveAddress(
      tx,
      hooks,
      current,
      { proved: verdict.proved, session_id: null, knows_password: password_hash !== null },
      at,
    );
    await updateUserRow(tx, user.id, {
      last_login_at: at,
      ...(rehashed === null ? {} : { password_hash: rehashed }),
    });
    await endReplacedSession(ctx, tx, at);
    const signed_in = (await findUserById(tx, user.id)) ?? user;
    const session = await openSession(tx, settings, { user: signed_in, kind, peer: ctx.peer }, at);
    await emit(tx, userLoggedIn({ user_id: user.id, ip: ctx.peer?.ip ?? null }), at);
    return { kind: 'opened' as const, session };
  });

  switch (outcome.kind) {
    case 'opened':
      await releaseAttempt();
      return outcome.session;
    case 'mismatch':
      throw accountsProblems.credentials_mismatch();
    case 'closed':
      throw accountsProblems.authentication_disabled();
    case 'needed':
      await sendNeededCode(ctx, settings, user, outcome.field);
      throw signInProblem(outcome, at);
    case 'wrong':
    case 'used':
    case 'locked':
      throw signInProblem(outcome, at);
  }
}

function decideDemands({ peer }: Context, user: User, password_hash: string | null): FactorDemands {
  return {
    email: user.email_verification_required && user.email !== null,
    phone: user.phone_verification_required && user.phone !== null,
    is_first_factor: password_hash === null,
    network: networkOf(peer?.ip),
  };
}

async function recordFailedSignIn(ctx: Context, username: string, user: User | undefined): Promise<void> {
  const payload = { user_id: user?.id ?? null, username: cutText(username, 150), ip: ctx.peer?.ip ?? null };
  await inTransaction(ctx.db, (tx) => emit(tx, userLoginFailed(payload), ctx.clock.now()));
}

/** Runs the query of a wrong code for an unknown name, so that the response time does not reveal which names exist. */
async function lockMissingCode(ctx: Context, username: string): Promise<void> {
  const owner = { user_id: null, channel: 'email', address: canonicalIdentifier(username) } as const;
  await inTransaction(ctx.db, (tx) => lockCode(tx, owner));
}

async function sendNeededCode(
  ctx: Context,
  settings: AccountsSettings,
  user: User,
  field: CodeFieldName,
): Promise<void> {
  if (field === 'email_code') await sendCode(ctx, settings, user, 'email', 'login');
  if (field === 'phone_code') await sendCode(ctx, settings, user, 'phone', 'login');
}

/** Ends the earlier session of the same browser. */
async function endReplacedSession(ctx: Context, tx: Tx, at: Date): Promise<void> {
  const { actor } = ctx;
  if (actor.kind === 'user' && actor.via === 'cookie' && actor.session_id !== null) {
    await endSession(tx, actor.session_id, at);
  }
}

import { sendCodeAfterRefusal, type User } from '#accounts';
import { Problem } from '#kernel/problem';
import type { Context } from '#platform/context';
import { paths } from '#platform/http/paths';
import { actorId } from '#platform/actor-id';
import { profileProblems } from '../problems.ts';

/**
 * The refusal of a user who has yet to prove the invited address. It names the page where that is done: the page that
 * verifies the user's address, or the account when the invitation was sent to another one.
 */
export function emailUnverifiedProblem(user: Pick<User, 'username' | 'email'>, invited_email: string | null): Problem {
  const isOwnAddress = invited_email?.toLowerCase() === user.email?.toLowerCase();
  return profileProblems.email_unverified({ location: isOwnAddress ? paths.verifyEmail() : paths.user(user.username) });
}

/**
 * Runs a verb; when it is refused because the caller's address is unverified, mails the code that verifies it, at most once
 * an hour. The refused transaction is rolled back before.
 */
export async function withVerificationSent<T>(ctx: Context, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const user_id = actorId(ctx);
    const isForOwnAddress =
      error instanceof Problem &&
      error.code === profileProblems.email_unverified.code &&
      error.extra.location === paths.verifyEmail();
    if (isForOwnAddress && user_id !== null) await sendCodeAfterRefusal(ctx, user_id);
    throw error;
  }
}

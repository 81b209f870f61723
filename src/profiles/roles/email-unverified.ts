import { sendCodeAfterRefusal, type User } from '#accounts';
import { Problem } from '#kernel/problem';
import type { Context } from '#platform/context';
import { paths } from '#platform/http/paths';
import { actorId } from '#platform/actor-id';
import { profileProblems } from '../problems.ts';

/**
 * Makes the problem of a user who has not verified the invited address. `location` is the page that verifies the
 * address of the user, or the account page if the invitation was sent to another address.
 */
export function emailUnverifiedProblem(
  user: Pick<User, 'username' | 'email'>,
  invited_email: string | null,
  detail?: string,
): Problem {
  const isOwnAddress = invited_email?.toLowerCase() === user.email?.toLowerCase();
  const location = isOwnAddress ? paths.verifyEmail() : paths.user(user.username);
  return profileProblems.email_unverified({ location, ...(detail === undefined ? {} : { detail }) });
}

/**
 * Runs a verb. If it throws email_unverified for the address of the caller, mails a code that verifies the address, at
 * most once per hour, after the transaction of the verb was rolled back. Rethrows the problem.
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

import type { Problem } from '#kernel/problem';
import { paths } from '#platform/http/paths';
import type { Denial } from './operators.ts';
import { gatewayProblems } from '../problems.ts';

/**
 * Makes a Problem of a denial, with the page that mends it: browsers are sent there, programs read it in `location`.
 *
 * Why no page for a missing role: nothing that the refused person can do mends it.
 */
export function problemOf(denial: Denial): Problem {
  const location = mendingPath(denial);
  return gatewayProblems[denial.kind](location === null ? {} : { location });
}

/** Path of the page where the refused person can put it right, or null when there is none. */
export function mendingPath(denial: Denial): string | null {
  switch (denial.kind) {
    case 'credentials_required':
      return paths.login();
    case 'password_required':
      return paths.recover();
    case 'otp_required':
      return paths.userOtp(denial.username);
    case 'agreement_required':
      return paths.legalSign(denial.agreement);
    case 'subscription_required':
      return denial.plan === null ? paths.pricing() : paths.cart(denial.profile, { plan: denial.plan });
    case 'payment_required':
      return paths.balance(denial.profile, denial.plan);
    case 'role_required':
    case 'profile_unknown':
    case 'plan_unknown':
      return null;
  }
}

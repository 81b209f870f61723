import type { Problem } from '#kernel/problem';
import { paths } from '#platform/http/paths';
import type { Denial } from './operators.ts';
import { gatewayProblems } from '../problems.ts';

/**
 * Converts a denial to a Problem. `location` is the page that resolves it: browsers are redirected, programs read it.
 *
 * A missing role has no location, since the caller cannot resolve it.
 */
export function denialProblem(denial: Denial): Problem {
  const location = findResolvingPath(denial);
  return gatewayProblems[denial.kind](location === null ? {} : { location });
}

/** Returns the path of the page on which the caller can resolve the denial, or null. */
function findResolvingPath(denial: Denial): string | null {
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

import { defineProblems, type FieldMessages, Problem, type ProblemExtra, type ProblemFactory } from '#kernel/problem';

export const accountsProblems = defineProblems({
  credentials_mismatch: {
    status: 400,
    title: 'These credentials do not match an account.',
    help: 'The response is the same for an unknown name, a wrong password and an account without a password.',
  },
  sign_in_step_required: { status: 401, title: 'One more step is needed to sign in.' },
  code_wrong: { status: 400, title: 'This code is wrong or no longer valid.' },
  otp_locked: {
    status: 403,
    title: 'Too many wrong codes. Codes are locked for a limited time.',
    help: 'Wait for the time in Retry-After, then use a new code.',
  },
  authentication_disabled: { status: 403, title: 'Sign-in is disabled on this site.' },
  token_invalid: { status: 400, title: 'This token is invalid or has expired.' },
  token_of_another_user: { status: 403, title: 'This token belongs to another user.' },
  token_renewal_over: {
    status: 400,
    title: 'This token can no longer be renewed.',
    help: 'Sign in again. A token can be renewed for a limited time after the last sign-in.',
  },
  secret_required: {
    status: 401,
    title: 'Repeat your password or enter a one-time code to continue.',
  },
  secret_wrong: { status: 401, title: 'The password or code is wrong.' },
  api_key_refused: {
    status: 403,
    title: 'An API key is not accepted for this operation.',
    help: 'Sign in, then repeat the request with the token or in the browser.',
  },
  verification_unknown: { status: 404, title: 'This link is not valid, was used, or has expired.' },
  verification_unusable: { status: 400, title: 'This link is not valid, was used, or has expired.' },
  already_active: { status: 400, title: 'This user already has a password.' },
  no_address: { status: 400, title: 'This user has no address that a link can be sent to.' },
});

/** Makes a Problem with messages at its fields. */
export function fieldProblem(factory: ProblemFactory, fields: FieldMessages, extra: ProblemExtra = {}): Problem {
  return new Problem(factory.code, factory.definition, extra, fields);
}

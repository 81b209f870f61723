import { defineProblems, type FieldMessages, Problem, type ProblemExtra, type ProblemFactory } from '#kernel/problem';

export const accountsProblems = defineProblems({
  credentials_mismatch: {
    status: 400,
    title: 'These credentials do not match an account.',
    help: 'Answered alike for an unknown name, a wrong password and an account without one.',
  },
  sign_in_step_required: { status: 401, title: 'One more step is needed to sign in.' },
  code_wrong: { status: 400, title: 'This code is wrong or no longer valid.' },
  otp_locked: {
    status: 403,
    title: 'Too many wrong codes. Signing in with a code is closed for a while.',
    help: 'Wait, then use a fresh code.',
  },
  authentication_disabled: { status: 403, title: 'Signing in is closed on this site at the moment.' },
  token_invalid: { status: 400, title: 'This token is not valid or no longer valid.' },
  token_of_another_user: { status: 403, title: 'This token belongs to another user.' },
  token_renewal_over: {
    status: 400,
    title: 'This token cannot be renewed any more.',
    help: 'Sign in again: a token can be renewed for a limited time after the last login.',
  },
  secret_required: {
    status: 401,
    title: 'Repeat your password or give a one-time code to go on.',
  },
  secret_wrong: { status: 401, title: 'This is not right.' },
  api_key_refused: {
    status: 403,
    title: 'This cannot be done with an API key.',
    help: 'Sign in, then repeat the request with the token or in the browser.',
  },
  verification_unknown: { status: 404, title: 'This link is not valid, was used, or has expired.' },
  verification_unusable: { status: 400, title: 'This link is not valid, was used, or has expired.' },
  already_active: { status: 400, title: 'This user has a password already.' },
  no_address: { status: 400, title: 'There is no address to send a link to.' },
});

/** A refusal that names fields: its code and status, under each field its own words. */
export function fieldProblem(factory: ProblemFactory, fields: FieldMessages, extra: ProblemExtra = {}): Problem {
  return new Problem(factory.code, factory.definition, extra, fields);
}

import { defineProblems } from '#kernel/problem';

export const gatewayProblems = defineProblems({
  path_refused: { status: 400, title: 'The path of this address cannot be matched with the access rules.' },
  rule_unmatched: { status: 403, title: 'No access rule applies to this path.' },
  credentials_required: { status: 401, title: 'Authentication credentials were not provided.' },
  password_required: { status: 403, title: 'Choose a password first.' },
  otp_required: { status: 403, title: 'One of your roles demands a second factor; set one up first.' },
  agreement_required: { status: 403, title: 'You must accept an agreement first.' },
  role_required: { status: 403, title: 'You do not have permission to perform this action.' },
  subscription_required: { status: 402, title: 'This needs a subscription.' },
  payment_required: { status: 402, title: 'This subscription has a balance due.' },
  profile_unknown: { status: 404, title: 'There is no such profile.' },
  plan_unknown: { status: 404, title: 'There is no such plan.' },
  page_unknown: { status: 404, title: 'There is no such page.' },
  upstream_unset: { status: 503, title: 'This site is not connected to an application.' },
  upstream_unreachable: {
    status: 503,
    title: 'The application cannot be reached at the moment.',
    help: 'Try again in a few minutes.',
  },
  upstream_slow: {
    status: 504,
    title: 'The application took too long to answer.',
    help: 'Try again in a few minutes.',
  },
  upstream_busy: {
    status: 503,
    title: 'Too many requests are being forwarded at the same time.',
    help: 'Try again in a few seconds; close connections that are no longer needed.',
  },
  body_too_slow: { status: 408, title: 'The body of the request arrived too slowly.' },
  session_token_invalid: {
    status: 401,
    title: 'This needs the token of a user or a session token signed with the session key.',
  },
  user_unknown: { status: 404, title: 'There is no such user.' },
  rule_unknown: { status: 404, title: 'There is no such access rule.' },
  rule_exists: { status: 400, title: 'There is a rule with this path already.' },
});

import { defineProblems } from '#kernel/problem';

export const gatewayProblems = defineProblems({
  path_refused: { status: 400, title: 'The path of this address cannot be matched with the access rules.' },
  rule_unmatched: { status: 403, title: 'No access rule applies to this path.' },
  credentials_required: { status: 401, title: 'Authentication credentials were not provided.' },
  password_required: { status: 403, title: 'Choose a password first.' },
  otp_required: { status: 403, title: 'One of your roles requires a second factor. Set one up first.' },
  agreement_required: { status: 403, title: 'You must accept an agreement first.' },
  role_required: { status: 403, title: 'You do not have permission to perform this action.' },
  subscription_required: { status: 402, title: 'A subscription is required.' },
  payment_required: { status: 402, title: 'This subscription has a balance due.' },
  profile_unknown: { status: 404, title: 'Profile not found.' },
  plan_unknown: { status: 404, title: 'Plan not found.' },
  page_unknown: { status: 404, title: 'Page not found.' },
  upstream_unset: { status: 503, title: 'This site is not connected to an application.' },
  upstream_unreachable: {
    status: 503,
    title: 'The application cannot be reached.',
    help: 'Try again in a few minutes.',
  },
  upstream_slow: {
    status: 504,
    title: 'The application did not respond in time.',
    help: 'Try again in a few minutes.',
  },
  upstream_busy: {
    status: 503,
    title: 'Too many requests are being forwarded concurrently.',
    help: 'Try again in a few seconds; close connections that are no longer needed.',
  },
  body_too_slow: { status: 408, title: 'The body of the request arrived too slowly.' },
  session_token_invalid: {
    status: 401,
    title: 'A token of a user or a session token signed with the session key is required.',
  },
  user_unknown: { status: 404, title: 'User not found.' },
  rule_unknown: { status: 404, title: 'Access rule not found.' },
  rule_exists: { status: 400, title: 'An access rule with this path already exists.' },
});

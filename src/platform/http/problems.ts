import { defineProblems } from '#kernel/problem';

export const httpProblems = defineProblems({
  method_not_allowed: { status: 405, title: 'This method is not allowed here.' },
  body_too_large: { status: 413, title: 'The body of the request is too large.' },
  address_too_long: { status: 414, title: 'The address of the request is too long.' },
  media_type_unsupported: {
    status: 415,
    title: 'This media type is not supported.',
    help: 'Send JSON; pages also accept forms.',
  },
  csrf_failed: {
    status: 403,
    title: 'This form is no longer valid.',
    help: 'Reload the page and send the form again.',
  },
  cross_site: { status: 403, title: 'This request came from another site and was refused.' },
  host_invalid: { status: 400, title: 'The Host header is missing, repeated or malformed.' },
  malformed_request: { status: 400, title: 'The request is not valid HTTP.' },
  request_timeout: { status: 408, title: 'The request did not arrive in time.' },
  expectation_failed: { status: 417, title: 'The only supported value of the Expect header is 100-continue.' },
  headers_too_large: { status: 431, title: 'The headers of the request are too large.' },
  transfer_coding_unsupported: { status: 501, title: 'The only supported transfer coding is chunked.' },
  idempotency_key_invalid: { status: 400, title: 'Idempotency-Key must have between 1 and 255 characters.' },
  idempotency_key_in_flight: { status: 409, title: 'A request with this Idempotency-Key is still running.' },
  idempotency_key_reused: { status: 422, title: 'This Idempotency-Key was used for a different request.' },
  database_unavailable: { status: 503, title: 'The database cannot be reached at the moment. Nothing was changed.' },
  database_busy: { status: 503, title: 'The site is busy. Try again in a few seconds.' },
  row_missing: {
    status: 404,
    title: 'Something that this request refers to no longer exists.',
    help: 'Another request deleted it. Nothing was changed. Read it again before you continue.',
  },
  row_in_use: {
    status: 409,
    title: 'This is still in use.',
    help: 'Another record refers to it, so it can neither be deleted nor changed in this way. Nothing was changed.',
  },
  row_exists: {
    status: 409,
    title: 'This exists already.',
    help: 'Another request may have created it at the same time. Nothing was changed.',
  },
  value_refused: {
    status: 400,
    title: 'A value is outside the range that can be stored.',
    help: 'Nothing was changed. The documentation of the operation gives the limits of each field.',
  },
  not_ready: { status: 503, title: 'The site is starting or stopping.' },
  internal_error: {
    status: 500,
    title: 'An internal error occurred.',
    help: 'Quote the request id when you report it.',
  },
});

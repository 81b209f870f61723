import { defineProblems } from '#kernel/problem';

export const billingProblems = defineProblems({
  cart_full: { status: 400, title: 'There are too many items in the cart.', help: 'Check out what is there first.' },
  cart_item_unknown: { status: 404, title: 'There is no such item in a cart.' },
  cart_empty: { status: 409, title: 'There is nothing to check out.' },
  cart_changed: {
    status: 409,
    title: 'The cart or a price changed since it was shown. Nothing was charged.',
    help: 'Check the new lines in the response, then repeat the checkout with their `cart_version`.',
  },
  currency_mixed: {
    status: 400,
    title: 'A cart holds one currency only.',
    help: 'Check out or remove the other items first.',
  },
  coupon_useless: {
    status: 400,
    title: 'No items can be discounted using this coupon.',
    help: 'Add a plan that the coupon is for, or continue without it.',
  },
  options_undecided: { status: 400, title: 'Cannot checkout when there are still options to choose from.' },
  checkout_in_flight: {
    status: 409,
    title: 'A checkout of this profile is still being worked on.',
    help: 'Wait a moment; it ends by itself.',
  },
  charge_pending: { status: 409, title: 'A payment of this profile is still pending. Nothing more was charged.' },
  payment_unknown: {
    status: 503,
    title: 'The payment processor did not answer in time. The order is finished, or given up, as soon as it does.',
  },
  receipt_unknown: { status: 404, title: 'There is no such receipt.' },
  beneficiary_unknown: {
    status: 400,
    title: 'The person whom an item is for is neither a registered profile nor an e-mail address.',
  },
  claim_used: { status: 409, title: 'This code has been used.' },
  claim_expired: {
    status: 409,
    title: 'This code is no longer valid.',
    help: 'Ask the person who paid to send you a new one.',
  },
  claim_unpaid: {
    status: 409,
    title: 'The payment for this code failed.',
    help: 'The code can be used as soon as the person who sent it has paid.',
  },
  claim_refunded: { status: 409, title: 'The payment for this code was refunded.' },
  seat_unknown: { status: 404, title: 'There is no such seat.' },
  seat_closed: { status: 409, title: 'This seat was claimed or refunded, or its payment failed. No code was sent.' },
  seat_code_sent: {
    status: 429,
    title: 'A code was sent to this person less than an hour ago.',
    help: 'Wait for the time in Retry-After.',
  },
});

import { defineProblems } from '#kernel/problem';

export const billingProblems = defineProblems({
  cart_full: { status: 400, title: 'The cart is full.', help: 'Check out or remove items first.' },
  cart_item_unknown: { status: 404, title: 'Cart item not found.' },
  cart_empty: { status: 409, title: 'The cart is empty.' },
  cart_changed: {
    status: 409,
    title: 'The cart or a price changed since it was shown. Nothing was charged.',
    help: 'Check the new lines in the response, then repeat the checkout with their `cart_version`.',
  },
  currency_mixed: {
    status: 400,
    title: 'A cart has one currency.',
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
    title: 'Another checkout of this profile is in progress.',
    help: 'Repeat the request after the time in Retry-After.',
  },
  charge_pending: { status: 409, title: 'A payment of this profile is pending. Nothing was charged.' },
  payment_unknown: {
    status: 503,
    title:
      'The payment processor did not respond in time. The order is completed or released once the outcome is known.',
  },
  document_unknown: { status: 404, title: 'Invoice or credit note not found.' },
  receipt_unknown: { status: 404, title: 'Receipt not found.' },
  beneficiary_unknown: {
    status: 400,
    title: 'The beneficiary of an item is neither a registered profile nor an e-mail address.',
  },
  use_charge_absent: { status: 400, title: 'No UseCharge specified.' },
  subscription_uncovered: { status: 400, title: 'No subscription of the profile to this plan covers that instant.' },
  offline_payment_refused: { status: 400, title: 'The subscription of the payment is not valid.' },
  dunning_unknown: { status: 404, title: 'Nothing is due after a failed charge.' },
  dunning_retried: {
    status: 429,
    title: 'The charge was repeated less than an hour ago.',
    help: 'Wait for the time in Retry-After, or use another card.',
  },
  adjustment_unknown: { status: 404, title: 'There is no such write-off or payment of this provider.' },
  payment_upload_unknown: {
    status: 404,
    title: 'This list is no longer there.',
    help: 'Upload the file again.',
  },
  balance_changed: { status: 409, title: 'The balance changed since it was shown. Nothing was changed.' },
  adjustment_reversed: { status: 409, title: 'This was reversed already. Nothing was changed.' },
  request_settled_elsewhere: {
    status: 409,
    title: 'A part of this order was paid outside of the site, or written off. The request was not ended.',
    help: 'Reverse that payment or write-off first.',
  },
  trial_used: {
    status: 409,
    title: 'The free trial of this plan was used already. Nothing was ordered.',
    help: 'The cart now shows the price without a trial.',
  },
  pay_later_refused: { status: 403, title: 'This order must be paid when it is placed.' },
  payment_link_unknown: { status: 404, title: 'There is no such payment link.' },
  payment_link_closed: { status: 409, title: 'This order is paid already. Nothing was charged.' },
  payment_link_mailed: {
    status: 429,
    title: 'This link was sent to the customer less than an hour ago.',
    help: 'Wait for the time in Retry-After.',
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
    help: 'The code can be used after its buyer has paid.',
  },
  claim_refunded: { status: 409, title: 'The payment for this code was refunded.' },
  claim_revoked: { status: 409, title: 'The person who paid for this code withdrew it.' },
  preview_required: {
    status: 400,
    title: 'Confirm what the preview showed: send its preview_key.',
  },
  preview_outdated: {
    status: 409,
    title: 'What was shown is no longer valid. Nothing was changed and nothing was charged.',
    help: 'Check the new preview, then confirm it.',
  },
  subscription_not_agreed: { status: 409, title: 'The subscription waits for the agreement of the other side.' },
  subscription_paused: { status: 409, title: 'The subscription is paused.', help: 'Resume it first.' },
  payment_disputed: { status: 409, title: 'A payment of this subscription is disputed.' },
  pause_not_offered: { status: 409, title: 'This subscription cannot be paused.' },
  pause_used: {
    status: 409,
    title: 'This subscription was paused in this period already.',
    help: 'It can be paused again after it renews.',
  },
  pause_unknown: { status: 404, title: 'This subscription is not paused, and no pause is planned.' },
  balance_due: {
    status: 409,
    title: 'An amount is due on this subscription.',
    help: 'Pay it first.',
  },
  quota_reached: {
    status: 402,
    title: 'The free uses of the trial are taken.',
    help: 'Put a card on file to go on.',
  },
  refund_not_offered: { status: 409, title: 'The plan does not offer this refund.' },
  cancellation_unknown: { status: 404, title: 'No cancellation of this subscription is planned.' },
  seat_upload_unknown: {
    status: 404,
    title: 'This list was added already, or replaced by another one.',
    help: 'Upload the list again.',
  },
  seat_unknown: { status: 404, title: 'Seat not found.' },
  seat_closed: {
    status: 409,
    title: 'This seat was claimed, revoked or refunded, or its payment failed. Nothing was changed.',
  },
  seat_code_sent: {
    status: 429,
    title: 'A code was sent to this person less than an hour ago.',
    help: 'Wait for the time in Retry-After.',
  },
});

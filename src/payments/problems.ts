import { defineProblems, type Problem } from '#kernel/problem';
import type { DeclinedOutcome } from './processors/index.ts';

export const paymentsProblems = defineProblems({
  card_declined: {
    status: 400,
    title: 'The card was declined.',
    help: 'Check the number, the expiry date and the security code, or use another card.',
  },
  processor_refused: {
    status: 400,
    title: 'The payment processor refused the payment.',
    help: 'You were not charged. Another card does not help. The site was notified: try again later.',
  },
  action_required: {
    status: 402,
    title: 'Your bank asks you to confirm the payment.',
    help: 'Confirm the payment with your bank, then try again. You have not been charged.',
  },
  card_save_unknown: {
    status: 409,
    title: 'It is not known whether this card was kept.',
    help: 'Look at the payment card of the profile. If it is another one, reload the page and enter the card again.',
  },
  payment_method_absent: {
    status: 400,
    title: "The profile doesn't have a payment method on file, and no payment token was passed.",
  },
  charge_unit_refused: { status: 400, title: 'The payment processor does not charge cards in this currency.' },
  charge_too_small: { status: 400, title: 'The amount is too small to be charged to a card.' },
  charge_too_large: { status: 400, title: 'The amount is too large to be charged to a card.' },
  charge_not_whole: {
    status: 400,
    title: 'The amount is not a whole number of units of its currency.',
  },
  intent_unknown: { status: 400, title: 'There is no such payment or card to keep at the payment processor.' },
  intent_foreign: { status: 400, title: 'This payment or card to keep is of another customer.' },
  intent_used: {
    status: 409,
    title: 'This payment was used for another order, or goes back to its payer.',
    help: 'The member `charge` names the charge of the order, if it is paid.',
  },
  intent_unusable: {
    status: 400,
    title: 'This payment or card to keep cannot be used.',
    help: 'Retrieve a new one and confirm it first.',
  },
  processor_unreachable: {
    status: 503,
    title: 'The payment processor could not be reached.',
    help: 'Wait a minute, then check your billing history. It shows a receipt if you were charged.',
  },
  processor_setup: {
    status: 503,
    title: 'Payments do not work at the moment.',
    help: 'Try again later. Your billing history shows a receipt if you were charged.',
  },
  charge_unknown: { status: 404, title: 'Charge not found.' },
  charge_unpaid: { status: 409, title: 'The charge has no receipt because it was not paid.' },
  receipt_address_absent: { status: 409, title: 'The profile has no e-mail address to send the receipt to.' },
  charge_line_unknown: { status: 404, title: 'Charge line not found.' },
  charge_not_refundable: { status: 405, title: 'You cannot refund this charge.' },
  refund_exceeds_line: { status: 405, title: 'The refund exceeds the rest of the line.' },
  refund_exceeds_funds: { status: 405, title: 'The provider does not have the funds for this refund.' },
  refund_in_flight: { status: 405, title: 'Another refund of this charge is being processed.' },
  payout_account_absent: { status: 409, title: 'There is no bank account to pay out to.' },
  payout_exceeds_funds: { status: 409, title: 'The payout exceeds the funds that are available.' },
  payout_in_flight: { status: 409, title: 'A payout of these funds is on its way.' },
  payout_refused: { status: 400, title: 'The payment processor refused the payout.' },
  signature_absent: {
    status: 400,
    title: 'The message has no signature of the payment processor, or one that is too long.',
  },
  processor_without_keys: { status: 404, title: 'The payment processor of this site has no keys.' },
  signature_invalid: { status: 400, title: 'The message is not signed by the payment processor.' },
  message_unknown: { status: 404, title: 'There is no such message of a payment processor.' },
  message_not_parked: {
    status: 409,
    title: 'This message is not parked.',
    help: 'It was handled or ignored, or it is handled automatically.',
  },
  refund_refused: { status: 400, title: 'The payment processor refused the refund.' },
});

const intentProblems: ReadonlyMap<string, () => Problem> = new Map([
  ['intent_unknown', () => paymentsProblems.intent_unknown()],
  ['intent_foreign', () => paymentsProblems.intent_foreign()],
  ['intent_unusable', () => paymentsProblems.intent_unusable()],
]);

/** Code of the decline of a payment that takes another amount than the order. */
export const INTENT_DIFFERS = 'intent_differs';

/** Why a payment was declined; the kind is null if it is not known. */
type Reason = Pick<DeclinedOutcome, 'code'> & { kind?: DeclinedOutcome['kind'] | null };

/** True if the processor refused a request for a reason of the site: no card, and nothing that a client named. Pure. */
export function isSiteRefusal({ kind, code }: Reason): boolean {
  return kind === 'refused' && code !== INTENT_DIFFERS && !intentProblems.has(code);
}

/**
 * Builds the problem of a declined card, of an intent that cannot be used, or of a refusal for a reason of the site;
 * `decline_code` is the code of the processor.
 */
export function declinedProblem({ detail, ...reason }: Reason & Pick<DeclinedOutcome, 'detail'>): Problem {
  const { code } = reason;
  const makeProblem = intentProblems.get(code);
  if (makeProblem) return makeProblem();
  const members = { decline_code: code };
  if (isSiteRefusal(reason)) return paymentsProblems.processor_refused({ members });
  return paymentsProblems.card_declined({ detail, members });
}

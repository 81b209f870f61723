import type { DunningAttempt } from '../dunning/index.ts';

const bank_refused = 'The bank does not accept this card any more.';

/** Sentences of codes that say more than their kind. Lost, stolen and blocked cards are not named to their holder. */
const texts: Readonly<Record<string, string>> = {
  insufficient_funds: 'There was not enough money on the card.',
  expired_card: 'The card has expired.',
  payment_method_absent: 'No payment card is on file.',
  card_velocity_exceeded: 'The card has reached its limit.',
  withdrawal_count_limit_exceeded: 'The card has reached its limit.',
  incorrect_cvc: 'The security code of the card is wrong.',
  invalid_cvc: 'The security code of the card is wrong.',
  incorrect_number: 'The number of the card is wrong.',
  invalid_number: 'The number of the card is wrong.',
  card_not_supported: 'The card does not allow this kind of payment.',
  currency_not_supported: 'The card does not allow payments in this currency.',
};

const kinds: Readonly<Record<NonNullable<DunningAttempt['kind']>, string>> = {
  soft: 'The bank declined the payment.',
  hard: bank_refused,
  card: 'The details of the card are not valid any more.',
  action: 'The bank wants you to confirm the payment.',
  processor: 'The payment service could not be reached. The card was not charged.',
  paid: 'Paid.',
};

/** Returns in plain words why a charge failed; "In progress" while its outcome is unknown. Pure. */
export function describeFailure({ kind, code }: Pick<DunningAttempt, 'kind' | 'code'>): string {
  if (kind === null) return 'In progress.';
  return (code !== null && Object.hasOwn(texts, code) ? texts[code] : undefined) ?? kinds[kind];
}

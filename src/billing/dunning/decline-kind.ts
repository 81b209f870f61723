import type { DeclineKind } from '#payments';

/** Effect of a failed charge on the next attempt. @see docs/operating/renewals.md */
export type FailureKind = 'hard' | 'card' | 'action' | 'soft' | 'processor';

// oxfmt-ignore
const kinds: Readonly<Record<Exclude<FailureKind, 'soft'>, readonly string[]>> = {
  // The card must not be charged again.
  hard: [
    'lost_card', 'stolen_card', 'pickup_card', 'account_closed', 'closed_account', 'invalid_account', 'restricted_card',
    'incorrect_number', 'invalid_number', 'do_not_try_again', 'revocation_of_authorization',
    'revocation_of_all_authorizations', 'stop_payment_order', 'fraudulent', 'merchant_blacklist', 'blocked',
  ],
  // Only another card, or other details of the card, can succeed.
  card: [
    'payment_method_absent', 'expired_card', 'incorrect_cvc', 'invalid_cvc', 'invalid_expiry_month',
    'invalid_expiry_year', 'incorrect_zip', 'incorrect_address', 'card_not_supported', 'currency_not_supported',
    'new_account_information_available', 'pin_try_exceeded', 'testmode_decline', 'token_unusable',
  ],
  action: [
    'authentication_required', 'authentication_failed', 'payment_intent_authentication_failure', 'abandoned',
    'offline_pin_required', 'online_or_offline_pin_required',
  ],
  // No bank decided: the request did not arrive, or the processor refused the request itself.
  processor: [
    'never_asked', 'rate_limit', 'api_error', 'processor_refused',
    'amount_too_small', 'amount_too_large', 'account_invalid', 'testmode_charges_only', 'application_fees_not_allowed',
    'capability_not_active',
  ],
};

const kindByCode: ReadonlyMap<string, FailureKind> = new Map(
  (['hard', 'card', 'action', 'processor'] as const).flatMap((kind) => kinds[kind].map((code) => [code, kind])),
);

/** Kinds that the processor decides. One of `new_card` can be hard: the code says why. */
const kindByDecline: Readonly<Record<DeclineKind, FailureKind>> = {
  authenticate: 'action',
  retry: 'soft',
  new_card: 'card',
  stop: 'hard',
  refused: 'processor',
};

/**
 * Returns the kind of a failed charge. What the processor says of the next attempt decides: the code of a card that is
 * reported lost is generic, and the network can advise against its code. Without it the code decides; one that is not
 * listed is soft: the bank may accept the card later.
 */
export function failureKind(code: string, declined: DeclineKind | null = null): FailureKind {
  const byCode = kindByCode.get(code) ?? 'soft';
  if (declined === null || (declined === 'new_card' && byCode === 'hard')) return byCode;
  return kindByDecline[declined];
}

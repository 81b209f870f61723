import type { Decline, TestCard } from './test-cards.ts';

/** What a charge or the saving of a card comes to. */
export type CardOutcome =
  | { readonly kind: 'paid' }
  | { readonly kind: 'asks' }
  | { readonly kind: 'declined'; readonly decline: Decline; readonly is_blocked: boolean };

/** How a charge is made. */
export interface ChargeManner {
  readonly off_session: boolean;
  /** The card was saved with authentication, so that later charges need none. */
  readonly is_set_up: boolean;
  /** The cardholder approved this payment. */
  readonly is_authenticated: boolean;
  /** Only when the request asks for it with `request_three_d_secure: any`. */
  readonly is_three_d_secure_requested: boolean;
}

const authentication_required: Decline = {
  code: 'authentication_required',
  decline_code: 'authentication_required',
  message: 'Your card was declined. This transaction requires authentication.',
};

/** Returns the outcome of a charge. `asks` is never returned off session: no cardholder is present. */
export function decideCharge(card: TestCard, manner: ChargeManner): CardOutcome {
  if (!manner.is_authenticated && mustAsk(card, manner)) {
    return manner.off_session ? declinedWith(authentication_required, card) : { kind: 'asks' };
  }
  return card.declined ? declinedWith(card.declined, card) : { kind: 'paid' };
}

/** Returns the outcome of saving a card (SetupIntent, attach). */
export function decideAttach(card: TestCard, is_authenticated: boolean): CardOutcome {
  if (card.attach === 'declined' && card.declined) return declinedWith(card.declined, card);
  return card.attach === 'asks' && !is_authenticated ? { kind: 'asks' } : { kind: 'paid' };
}

function mustAsk({ authentication = 'never' }: TestCard, manner: ChargeManner): boolean {
  switch (authentication) {
    case 'never':
      return false;
    case 'always':
      return true;
    case 'unless_set_up':
      return !manner.is_set_up;
    case 'on_session':
      return !manner.off_session;
    case 'when_requested':
      return manner.is_three_d_secure_requested && !manner.off_session;
  }
}

function declinedWith(decline: Decline, card: TestCard): CardOutcome {
  return { kind: 'declined', decline, is_blocked: card.blocked_by !== undefined };
}

/** Kinds of objects at Stripe that Tollgate names in a call. */
export type StripeKind =
  | 'account'
  | 'charge'
  | 'checkout_session'
  | 'confirmation_token'
  | 'customer'
  | 'dispute'
  | 'fee'
  | 'intent'
  | 'method'
  | 'payout'
  | 'refund'
  | 'setup_intent'
  | 'token';

const prefixes: Readonly<Record<StripeKind, readonly string[]>> = {
  account: ['acct'],
  charge: ['ch', 'py'],
  checkout_session: ['cs'],
  confirmation_token: ['ctoken'],
  customer: ['cus'],
  dispute: ['dp', 'du'],
  fee: ['fee'],
  intent: ['pi'],
  method: ['pm'],
  payout: ['po'],
  refund: ['re', 'pyr'],
  setup_intent: ['seti'],
  token: ['tok'],
};

const SHAPE = /^([a-z]{2,6})_[A-Za-z0-9_]{1,200}$/;

/**
 * True if a text is an id of a kind. An id is a part of the path of a call: an empty one would list all objects, and
 * any other text could name another path.
 */
export function isStripeId(text: string, kind: StripeKind): boolean {
  const prefix = SHAPE.exec(text)?.[1];
  return prefix !== undefined && prefixes[kind].includes(prefix);
}

/** Returns an id of a kind. Throws for any other text, so that no request leaves with it. */
export function requireStripeId(text: string, kind: StripeKind): string {
  if (!isStripeId(text, kind)) throw new Error(`not an id of a Stripe ${kind}`);
  return text;
}

import { invalidRequest, missingObject, type Call, type StoredObject } from '../engine/index.ts';
import { usedUp, type PaymentMethod } from './payment-method.ts';

/** What the elements of a page were set to when the token was made. */
export interface ElementsOptions {
  readonly mode?: string | undefined;
  readonly amount?: number | undefined;
  readonly currency?: string | undefined;
  readonly capture_method?: string | undefined;
  readonly setup_future_usage?: string | null | undefined;
}

export interface ConfirmationToken extends StoredObject {
  readonly expires_at: number;
  readonly payment_intent: string | null;
  readonly setup_intent: string | null;
  readonly return_url: string | null;
  readonly setup_future_usage: 'off_session' | 'on_session' | null;
  readonly $: {
    readonly method: PaymentMethod;
    readonly elements: ElementsOptions;
    readonly is_used: boolean;
  };
}

interface Use {
  readonly payment_intent: string | null;
  readonly setup_intent: string | null;
  readonly elements: ElementsOptions;
}

/** Uses a token once: stores its payment method and returns it. @throws ApiError 400 */
export function useConfirmationToken(
  call: Call,
  id: string,
  { payment_intent, setup_intent, elements }: Use,
): { method: PaymentMethod; return_url: string | null; setup_future_usage: 'off_session' | 'on_session' | null } {
  const token = call.world.get(call.scope, 'confirmation_token', id) as ConfirmationToken | undefined;
  if (!token) throw missingObject('confirmation_token', id, 'confirmation_token');
  if (token.$.is_used)
    throw invalidRequest('token_already_used', 'The ConfirmationToken was already used.', 'confirmation_token');
  if (token.expires_at < call.world.now)
    throw invalidRequest('resource_missing', `The ConfirmationToken ${id} has expired.`, 'confirmation_token');
  for (const [name, value] of Object.entries(token.$.elements)) {
    const expected = elements[name as keyof ElementsOptions];
    if (value !== undefined && expected !== undefined && expected !== value)
      throw invalidRequest(
        undefined,
        `The ${name} of the Elements instance (${String(value)}) does not match the ${name} of the intent (${String(expected)}).`,
        'confirmation_token',
      );
  }
  const stored = call.world.row(token.$.method.id)?.value as PaymentMethod | undefined;
  if (stored && stored.customer === null && stored.$.is_used) throw usedUp();
  const method = stored ?? call.world.insert(call.scope, token.$.method);
  call.world.patch(token, { payment_intent, setup_intent, $: { ...token.$, is_used: true } });
  const { return_url, setup_future_usage } = token;
  return { method, return_url, setup_future_usage };
}
